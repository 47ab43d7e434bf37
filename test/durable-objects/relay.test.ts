// A relay among the real root objects: it passes reports, lists and purges on, once an interval, and stores nothing.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { BREAKER } from "../../core/config/breaker.ts";
import { EXCHANGE_VERSION, type ExchangeRequest } from "../../core/exchange/messages.ts";

const START = Date.UTC(2026, 0, 1);
const FAILING = { sequence: 1, calls: 10, failures: 10, isOpen: true, wantsProbe: false };
let names = 0;
const relay = () => env.RELAY.getByName(`local/relay-${names++}`);

const exchange = (isolate: string, location: string, sections: Partial<ExchangeRequest>): ExchangeRequest => ({
  ...{ version: EXCHANGE_VERSION, isolate, location, shards: 1, isFirst: true, intervalMs: 5_000 },
  ...sections,
});
const registration = (id: string) => ({
  id,
  url: `https://${id}.example`,
  weight: 1,
  priority: 0,
  zone: "",
  metadata: {},
  leaseMs: 60_000,
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  vi.spyOn(Math, "random").mockReturnValue(0); // no jitter: a whole interval between two calls of a root object
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it("opens a breaker in one region by what isolates of two regions have seen", async () => {
  const [here, there] = [relay(), relay()];
  const upstream = `upstream-${names}`;
  const send = (stub: typeof here, isolate: string, location: string, report: object) =>
    stub.exchange(
      exchange(isolate, location, {
        breakers: { [upstream]: { reports: { e: { ...FAILING, ...report } }, policy: { ...BREAKER, quorum: 2 } } },
      }),
    );
  expect((await send(here, "a", "AMS", {})).breakers![upstream]!["e"]).toMatchObject({ kind: "closed" });
  const opened = await send(there, "b", "SIN", {});
  expect(opened.breakers![upstream]!["e"]).toMatchObject({ kind: "open", leaseMs: 5_000 });
  expect(opened.nextMs).toBe(5_000);
  vi.setSystemTime(START + 2_000);
  const healthy = { sequence: 1, calls: 3, failures: 0, isOpen: false };
  expect((await send(there, "c", "SIN", healthy)).breakers![upstream]!["e"]).toMatchObject({ kind: "open", leaseMs: 3_000 });
  vi.setSystemTime(START + 5_000);
  expect((await send(here, "c", "AMS", healthy)).breakers![upstream]!["e"]!.kind).toBe("half_open");
});

it("brings an endpoint list to isolates with any version, and reads it once an interval", async () => {
  const [stub, service] = [relay(), `service-${names}`];
  const ring = env.HASH_RING.getByName(service);
  await ring.register(registration("one"), -1);
  const list = async (known: number) =>
    (await stub.exchange(exchange("a", "AMS", { lists: { [service]: { known, health: undefined, configured: [] } } }))).lists![service]!;
  const first = await list(-1);
  expect(first).toMatchObject({ kind: "changed", endpoints: [{ id: "one" }] });
  await ring.register(registration("two"), -1);
  expect(await list(first.version)).toEqual({ kind: "unchanged", version: first.version });
  vi.setSystemTime(START + 5_000);
  expect(await list(first.version)).toMatchObject({ kind: "changed", endpoints: [{ id: "one" }, { id: "two" }] });
});

it("brings purges, and says how old its knowledge is", async () => {
  const stub = relay();
  const purges = async (known: number) => (await stub.exchange(exchange("a", "AMS", { purges: { known } }))).purges!;
  const { seq } = (await purges(0)).delta;
  const appended = await env.PURGE_LOG.getByName("all").append([{ kind: "tag", value: "t" }], "soft", seq);
  vi.setSystemTime(START + 4_999);
  expect(await purges(seq)).toMatchObject({ delta: { kind: "same" }, ageMs: 4_999 });
  vi.setSystemTime(START + 5_000);
  expect(await purges(seq)).toMatchObject({ delta: { kind: "purged", seq: appended.seq }, ageMs: 0 });
});

it("starts again with nothing after a restart, and has stored nothing", async () => {
  const [stub, service] = [relay(), `service-${names}`];
  await env.HASH_RING.getByName(service).register(registration("one"), -1);
  const send = () => stub.exchange(exchange("a", "AMS", { lists: { [service]: { known: -1, health: undefined, configured: [] } } }));
  await send();
  await evictDurableObject(stub);
  expect((await send()).lists![service]).toMatchObject({ kind: "changed", endpoints: [{ id: "one" }] });
  await runInDurableObject(stub, async (_, { storage }) => {
    expect([...(await storage.list()).keys()]).toEqual([]);
    expect(await storage.getAlarm()).toBeNull();
  });
});

it("ignores what it does not know in a message of a newer version, and needs no section", async () => {
  const newer = { ...exchange("a", "AMS", {}), version: EXCHANGE_VERSION + 1, weather: { known: 3 } } as ExchangeRequest;
  expect(await relay().exchange(newer)).toEqual({ version: EXCHANGE_VERSION, shards: 1, nextMs: 5_000, earlyMs: expect.any(Number) });
});
