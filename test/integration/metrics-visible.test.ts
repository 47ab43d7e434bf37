// Metrics of real calls, through a real relay to the real Durable Object: visible without a further call, and never in the way of one.
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import type { ExchangeRequest } from "../../core/exchange/messages.ts";
import { TELEMETRY_NAME } from "../../core/exchange/metrics/metrics-messages.ts";
import { ExchangeServer, type RelayBindings } from "../../durable-objects/relay/exchange-server.ts";
import { gatewayTo, unary, userFor } from "../support/gateway.ts";

afterEach(() => void vi.restoreAllMocks());

const ROUTE = "users.v1.UserService/GetUser";
const ID = { id: "usr_01arz3ndektsv4rrffq69g5fav" };

/** Calls of the route in the totals. */
async function counted(): Promise<number> {
  const { series } = await env.TELEMETRY.getByName(TELEMETRY_NAME).metrics();
  const calls = series.filter(({ metric, labels }) => metric === "tidegate_calls" && labels[0] === ROUTE);
  return calls.reduce((sum, { value = 0 }) => sum + value, 0);
}

it("shows calls some seconds later, though no further call comes, and all of them once", async () => {
  const gateway = gatewayTo(userFor, {}, { RELAY: env.RELAY, TELEMETRY: env.TELEMETRY });
  const before = await counted();
  for (let call = 0; call < 3; call++) {
    const response = await gateway(unary("GetUser", ID));
    await response.arrayBuffer();
    expect(response.status).toBe(200);
  }
  await vi.waitUntil(async () => (await counted()) === before + 3, { timeout: 120_000, interval: 200 });
  await scheduler.wait(3_000);
  expect(await counted()).toBe(before + 3);
});

it.each([
  ["is down", () => Promise.reject(new Error("overloaded"))],
  ["never responds", () => new Promise<never>(() => undefined)],
])("lets every call pass while Telemetry %s", async (_, receive) => {
  vi.spyOn(console, "warn").mockReturnValue();
  let batches = 0;
  const broken = {
    getByName: () => ({
      receive: () => {
        batches += 1;
        return receive();
      },
    }),
  };
  const relay = new ExchangeServer({ TELEMETRY: broken } as unknown as RelayBindings, Date.now());
  const RELAY = { getByName: () => ({ exchange: (request: ExchangeRequest) => relay.exchange(structuredClone(request)) }) };
  const gateway = gatewayTo(userFor, {}, { RELAY, TELEMETRY: broken } as never);
  await vi.waitUntil(
    async () => {
      const response = await gateway(unary("GetUser", ID));
      await response.arrayBuffer();
      expect(response.status).toBe(200);
      return batches > 0;
    },
    { timeout: 120_000, interval: 100 },
  );
});
