// Descriptor sets in the configuration: services without compiled TypeScript, and the problems of a set.
import { create, toBinary } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { FileDescriptorSetSchema, FieldDescriptorProto_Label as Label, FieldDescriptorProto_Type as Type } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import type { GatewayInput } from "../../../../../core/config/gateway.ts";
import { describe as line } from "../../../../../core/config/problems.ts";
import { InvalidConfiguration } from "../../../../../workers/gateway/configure/configuration.ts";
import { parseDescriptors } from "../../../../../workers/gateway/configure/descriptors/descriptors.ts";
import { gatewayTo, json } from "../../../../support/gateway.ts";
import { catalog } from "../../../../support/shipped/catalog.ts";
import { reflect, summaryOf, unaryCall } from "../../../discovery/support.ts";

const DISCOVERY = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
const LIST = { case: "listServices", value: "" } as const;

/** `service StockService { rpc Count(Item) returns (Item); }` in the package stock.v1. */
function stock(dependency: string[] = [], output = ".stock.v1.Item"): Uint8Array {
  const sku = { name: "sku", number: 1, type: Type.STRING, label: Label.OPTIONAL };
  const service = { name: "StockService", method: [{ name: "Count", inputType: ".stock.v1.Item", outputType: output }] };
  const file = { name: "stock/v1/stock.proto", package: "stock.v1", syntax: "proto3", dependency };
  const set = { file: [{ ...file, messageType: [{ name: "Item", field: [sku] }], service: [service] }] };
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, set));
}

const SERVICES = { "stock.v1.StockService": { upstream: { binding: "USERS" } } } as const;

function problemsOf(input: Partial<GatewayInput>): readonly string[] {
  try {
    gatewayTo(() => json({}), input);
  } catch (error) {
    if (error instanceof InvalidConfiguration) return error.problems.map(line);
    throw error;
  }
  return [];
}

describe("descriptors", () => {
  it.each([
    ["bytes", stock()],
    ["base64", base64Encode(stock())],
  ])("make a service callable that is not compiled in, from %s", async (_, set) => {
    const received: string[] = [];
    const gateway = gatewayTo(
      async (request) => {
        received.push(`${new URL(request.url).pathname} ${await request.text()}`);
        return json({ sku: "b" });
      },
      { descriptors: [set], services: SERVICES },
    );
    expect(await (await unaryCall(gateway, "stock.v1.StockService/Count", { sku: "a" })).json()).toEqual({ sku: "b" });
    expect(received).toEqual(['/stock.v1.StockService/Count {"sku":"a"}']);
    const { responses } = await reflect(gateway, [LIST, { case: "fileContainingSymbol", value: "stock.v1.StockService.Count" }]);
    expect(responses.map(summaryOf)).toEqual([[...DISCOVERY, "stock.v1.StockService"], ["stock/v1/stock.proto"]]);
  });

  it("are reported as problems with path and fix, together with all others", () => {
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
      services: SERVICES,
    });
    const paths = [0, 1, 2, 3, 4, 5, 6].map((index) => expect.stringMatching(`^descriptors\\[${index}\\]: found .*; .*buf build`));
    expect(problems).toEqual([...paths, expect.stringContaining("stock.v1.StockService")]);
    expect(problems[4]).toContain("stock/v1/stock.proto, which cannot be used: it imports a.proto, which the set does not have");
    expect(problems[5]).toContain("output_type");
  });

  it("have to be a list", () => {
    expect(problemsOf({ descriptors: "CgA=" as never })).toEqual([
      "descriptors: found a value of type string; write a list of descriptor sets: [inventory]",
    ]);
  });

  it("have each service once", () => {
    expect(problemsOf({ descriptors: [stock(), stock()], services: SERVICES })).toEqual([
      "descriptors[1]: found stock.v1.StockService a second time; keep each service in one set: an earlier one has it already",
    ]);
  });

  it("may repeat a compiled service, which has precedence", () => {
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
