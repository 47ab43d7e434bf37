// Discovery at the gateway: what it tells of the services behind it, through which layers, and of services known by descriptors alone.
import { create, toBinary } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { FileDescriptorSetSchema, FieldDescriptorProto_Label as Label, FieldDescriptorProto_Type as Type } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import type { GatewayInput } from "../../../core/config/gateway.ts";
import { describe as line } from "../../../core/config/problems.ts";
import { InvalidConfiguration } from "../../../workers/gateway/configure/configuration.ts";
import { parseDescriptors } from "../../../workers/gateway/configure/descriptors.ts";
import { gatewayTo, json } from "../../support/gateway.ts";
import { catalog } from "../../support/shipped/catalog.ts";
import { ask, said, unaryCall } from "./support.ts";

const CHECK = "grpc.health.v1.Health/Check";
const OWN = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
const LIST = { case: "listServices", value: "" } as const;
const nobody = () => json({ code: "internal" }, { status: 500 });

/** `service Shelf { rpc Count(Item) returns (Item); }` in the package stock.v1. */
function stock(dependency: string[] = [], output = ".stock.v1.Item"): Uint8Array {
  const sku = { name: "sku", number: 1, type: Type.STRING, label: Label.OPTIONAL };
  const service = { name: "Shelf", method: [{ name: "Count", inputType: ".stock.v1.Item", outputType: output }] };
  const file = { name: "stock/v1/stock.proto", package: "stock.v1", syntax: "proto3", dependency };
  const set = { file: [{ ...file, messageType: [{ name: "Item", field: [sku] }], service: [service] }] };
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, set));
}

const SHELF = { "stock.v1.Shelf": { upstream: { binding: "USERS" } } } as const;

function problemsOf(input: Partial<GatewayInput>): readonly string[] {
  try {
    gatewayTo(nobody, input);
  } catch (error) {
    if (error instanceof InvalidConfiguration) return error.problems.map(line);
    throw error;
  }
  return [];
}

describe("discovery at the gateway", () => {
  it("lists what is configured, and not what is only known", async () => {
    const { answers } = await ask(gatewayTo(nobody), [LIST, { case: "fileContainingSymbol", value: "orders.v1.OrderService" }]);
    expect(answers.map(said)).toEqual([[...OWN, "users.v1.UserService"], "5: symbol orders.v1.OrderService not found"]);
  });

  it("tells the health of each service behind it, without asking there", async () => {
    const gateway = gatewayTo(nobody);
    expect(await (await unaryCall(gateway, CHECK, { service: "users.v1.UserService" })).json()).toEqual({ status: "SERVING" });
    expect((await unaryCall(gateway, CHECK, { service: "orders.v1.OrderService" })).status).toBe(404);
    const list = await (await unaryCall(gateway, "grpc.health.v1.Health/List")).json();
    expect(list).toEqual({ statuses: { "": { status: "SERVING" }, "users.v1.UserService": { status: "SERVING" } } });
  });

  it("goes through the layers: named, limited and refused as any call", async () => {
    const rateLimits = { few: { key: "ip", capacity: 1, rate: 1, intervalMs: 86_400_000 } } as const;
    const gateway = gatewayTo(nobody, { rateLimits, defaults: { rateLimits: ["few"] } });
    const first = await unaryCall(gateway, CHECK);
    expect([first.status, first.headers.has("x-request-id")]).toEqual([200, true]);
    const statuses: number[] = [];
    for (let call = 0; call < 20; call++) statuses.push((await unaryCall(gateway, CHECK)).status);
    expect(statuses.at(-1)).toBe(429); // a bucket that has yet to wake lets the first calls pass
  });

  it("bounds what a caller sends", async () => {
    const gateway = gatewayTo(nobody, { defaults: { maxBodyBytes: 100 } });
    const answer = await unaryCall(gateway, CHECK, { service: "x".repeat(200) });
    expect(await answer.json()).toMatchObject({ code: "resource_exhausted" });
  });

  it("is not there where it is turned off", async () => {
    const gateway = gatewayTo(nobody, { discovery: false });
    expect((await ask(gateway, [LIST])).error?.code).toBe("unimplemented");
    expect((await unaryCall(gateway, CHECK)).status).toBe(404);
  });

  it("is turned on or off, and nothing between", () => {
    expect(problemsOf({ discovery: "no" as never })).toEqual(['discovery: found "no"; write true or false']);
  });
});

describe("descriptors", () => {
  it.each([
    ["bytes", stock()],
    ["base64", base64Encode(stock())],
  ])("make a service callable whose TypeScript is not compiled in, from %s", async (_, set) => {
    const seen: string[] = [];
    const gateway = gatewayTo(
      async (request) => {
        seen.push(`${new URL(request.url).pathname} ${await request.text()}`);
        return json({ sku: "b" });
      },
      { descriptors: [set], services: SHELF },
    );
    expect(await (await unaryCall(gateway, "stock.v1.Shelf/Count", { sku: "a" })).json()).toEqual({ sku: "b" });
    expect(seen).toEqual(['/stock.v1.Shelf/Count {"sku":"a"}']);
    const { answers } = await ask(gateway, [LIST, { case: "fileContainingSymbol", value: "stock.v1.Shelf.Count" }]);
    expect(answers.map(said)).toEqual([[...OWN, "stock.v1.Shelf"], ["stock/v1/stock.proto"]]);
  });

  it("are told as problems, with path and fix, beside all others", () => {
    const problems = problemsOf({
      descriptors: [
        "not base64!",
        "",
        new Uint8Array([10, 255]),
        new Uint8Array(),
        stock(["a.proto"], ".a.Gone"),
        stock([], ".stock.v1.No"),
        7 as never,
      ],
      services: SHELF,
    });
    const paths = [0, 1, 2, 3, 4, 5, 6].map((index) => expect.stringMatching(`^descriptors\\[${index}\\]: found .*; .*buf build`));
    expect(problems).toEqual([...paths, expect.stringContaining("stock.v1.Shelf")]);
    expect(problems[4]).toContain("stock/v1/stock.proto, which cannot be used: it imports a.proto, which the set does not have");
    expect(problems[5]).toContain("output_type");
  });

  it("have to be a list", () => {
    expect(problemsOf({ descriptors: "CgA=" as never })).toEqual([
      "descriptors: found a value of type string; write a list of descriptor sets: [inventory]",
    ]);
  });

  it("have each service once", () => {
    expect(problemsOf({ descriptors: [stock(), stock()], services: SHELF })).toEqual([
      "descriptors[1]: found stock.v1.Shelf once more; keep each service in one set: an earlier one has it already",
    ]);
  });

  it("may repeat what is compiled in, which wins", () => {
    const { services, problems } = parseDescriptors([stock()], catalog);
    expect(problems).toEqual([]);
    expect(parseDescriptors([stock()], [...catalog, ...services])).toEqual({
      services: [],
      files: expect.anything(),
      unlinked: [],
      problems: [],
    });
  });
});
