// A relay whose root objects fail, hang, or are slow: what it responds, and how long it lets an exchange wait.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { BREAKER } from "../../../core/config/breaker.ts";
import type { ExchangeRequest } from "../../../core/exchange/messages.ts";
import { ExchangeServer, type RelayBindings } from "../../../durable-objects/relay/exchange-server.ts";

const START = Date.UTC(2026, 0, 1);
const LIST = { kind: "changed" as const, version: 3, endpoints: [] };

const request: ExchangeRequest = {
  ...{ version: 1, isolate: "a", location: "AMS", shards: 1, isFirst: true, intervalMs: 5_000 },
  lists: { s: { known: -1, health: undefined, configured: [] } },
};

/** A relay whose list comes from this function. */
const over = (snapshot: () => Promise<typeof LIST>) => new ExchangeServer({ HASH_RING: { getByName: () => ({ snapshot }) } }, START);

let logged: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  logged = [];
  vi.spyOn(Math, "random").mockReturnValue(0); // no jitter: a whole interval between two calls of a root object
  vi.spyOn(console, "warn").mockImplementation((record) => void logged.push(String(record)));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it("responds without what it cannot read, logs that, and pauses for an interval", async () => {
  const snapshot = vi.fn(() => Promise.reject(new Error("overloaded")));
  const server = over(snapshot);
  expect(await server.exchange(request)).not.toHaveProperty("lists");
  expect(logged.join()).toContain("relay_request_failed");
  vi.setSystemTime(START + 4_999);
  await server.exchange(request);
  expect(snapshot).toHaveBeenCalledTimes(1);
});

it("keeps the last state while a root object fails", async () => {
  let isDown = false;
  const server = over(() => (isDown ? Promise.reject(new Error("gone")) : Promise.resolve(LIST)));
  await server.exchange(request);
  isDown = true;
  vi.setSystemTime(START + 60_000);
  expect((await server.exchange(request)).lists).toEqual({ s: LIST });
});

it("responds with what it has when a root object hangs, and only the exchange that has called it waits", async () => {
  let isHung = false;
  const server = over(() => (isHung ? new Promise(() => undefined) : Promise.resolve(LIST)));
  await server.exchange(request);
  isHung = true;
  vi.setSystemTime(START + 5_000);
  const waiting = server.exchange(request);
  expect((await server.exchange({ ...request, isolate: "b" })).lists).toEqual({ s: LIST }); // at once
  expect((await waiting).lists).toEqual({ s: LIST }); // after its time is over
});

it("lets exchanges share the first request for what nobody knows", async () => {
  const gate = Promise.withResolvers<typeof LIST>();
  const snapshot = vi.fn(() => gate.promise);
  const server = over(snapshot);
  const both = Promise.all([server.exchange(request), server.exchange({ ...request, isolate: "b" })]);
  gate.resolve(LIST);
  for (const { lists } of await both) expect(lists).toEqual({ s: LIST });
  expect(snapshot).toHaveBeenCalledTimes(1);
});

it("names a binding that is missing in the log", async () => {
  const server = new ExchangeServer({} as RelayBindings, START);
  const report = { sequence: 1, calls: 1, failures: 0, isOpen: false, wantsProbe: false };
  const reply = await server.exchange({ ...request, purges: { known: 0 }, breakers: { u: { reports: { e: report }, policy: BREAKER } } });
  expect([reply.lists, reply.purges, reply.breakers]).toEqual([undefined, undefined, { u: {} }]);
  for (const name of ["HASH_RING", "PURGE_LOG", "CIRCUIT_BREAKER"]) expect(logged.join()).toContain(`found no binding ${name}`);
});
