// Reflection and health at the gateway: for the services behind it, through the same layers as any call.
import { describe, expect, it } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import { describe as line } from "../../../../core/config/problems.ts";
import { InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { gatewayTo, json } from "../../../support/gateway.ts";
import { reflect, summaryOf, unaryCall } from "../../discovery/support.ts";

const CHECK = "grpc.health.v1.Health/Check";
const DISCOVERY = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
const LIST = { case: "listServices", value: "" } as const;
const failing = () => json({ code: "internal" }, { status: 500 });

function problemsOf(input: Partial<GatewayInput>): readonly string[] {
  try {
    gatewayTo(failing, input);
  } catch (error) {
    if (error instanceof InvalidConfiguration) return error.problems.map(line);
    throw error;
  }
  return [];
}

describe("discovery at the gateway", () => {
  it("lists the configured services, and no others", async () => {
    const { responses } = await reflect(gatewayTo(failing), [LIST, { case: "fileContainingSymbol", value: "orders.v1.OrderService" }]);
    expect(responses.map(summaryOf)).toEqual([[...DISCOVERY, "users.v1.UserService"], "5: symbol orders.v1.OrderService not found"]);
  });

  it("has the health of each service behind it, without a call to it", async () => {
    const gateway = gatewayTo(failing);
    expect(await (await unaryCall(gateway, CHECK, { service: "users.v1.UserService" })).json()).toEqual({ status: "SERVING" });
    expect((await unaryCall(gateway, CHECK, { service: "orders.v1.OrderService" })).status).toBe(404);
    const list = await (await unaryCall(gateway, "grpc.health.v1.Health/List")).json();
    expect(list).toEqual({ statuses: { "": { status: "SERVING" }, "users.v1.UserService": { status: "SERVING" } } });
  });

  it("goes through the layers: request id and rate limits as for any call", async () => {
    const rateLimits = { few: { key: "ip", capacity: 1, rate: 1, intervalMs: 86_400_000 } } as const;
    const gateway = gatewayTo(failing, { rateLimits, defaults: { rateLimits: ["few"] } });
    const first = await unaryCall(gateway, CHECK);
    expect([first.status, first.headers.has("x-request-id")]).toEqual([200, true]);
    const statuses: number[] = [];
    for (let call = 0; call < 20; call++) statuses.push((await unaryCall(gateway, CHECK)).status);
    expect(statuses.at(-1)).toBe(429); // calls pass until the Durable Object has responded for the first time
  });

  it("limits the size of a message", async () => {
    const gateway = gatewayTo(failing, { defaults: { maxBodyBytes: 100 } });
    const response = await unaryCall(gateway, CHECK, { service: "x".repeat(200) });
    expect(await response.json()).toMatchObject({ code: "resource_exhausted" });
  });

  it("is not served if it is off", async () => {
    const gateway = gatewayTo(failing, { discovery: false });
    expect((await reflect(gateway, [LIST])).error?.code).toBe("unimplemented");
    expect((await unaryCall(gateway, CHECK)).status).toBe(404);
  });

  it("is either on or off", () => {
    expect(problemsOf({ discovery: "no" as never })).toEqual(['discovery: found "no"; write true or false']);
  });
});
