// The Durable Object of an endpoint list: linearizable, also over evictions; leases and health checks by its alarm.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Registration } from "../../core/registry/registry.ts";
import { HashRing } from "../../durable-objects/hash-ring.ts";

const START = Date.UTC(2026, 0, 1);
let names = 0;
const fresh = (): DurableObjectStub<HashRing> => env.HASH_RING.getByName(`ring-${names++}`);
const wanted = (id: string, more: Partial<Registration> = {}): Registration => ({
  ...{ id, url: `https://${id}.example`, weight: 1, priority: 0, zone: "", metadata: {}, leaseMs: 10_000 },
  ...more,
});

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

it("responds with the list if it has changed, and otherwise with its version alone", async () => {
  const ring = fresh();
  await ring.register(wanted("a"), 0);
  expect(await ring.snapshot(-1)).toMatchObject({ kind: "changed", version: 1, endpoints: [{ id: "a" }] });
  expect(await ring.snapshot(1)).toEqual({ kind: "unchanged", version: 1 });
  await ring.renew("a");
  expect(await ring.snapshot(1)).toEqual({ kind: "unchanged", version: 1 });
  await ring.drain("a");
  expect(await ring.snapshot(1)).toMatchObject({ version: 2, endpoints: [{ isDraining: true }] });
});

it("removes an endpoint that is not renewed: by its alarm, or before that with the next request", async () => {
  const ring = fresh();
  await ring.register(wanted("a"), 0);
  await ring.register(wanted("b", { leaseMs: 60_000 }), 0);
  vi.setSystemTime(START + 9_000);
  await ring.renew("a");
  vi.setSystemTime(START + 19_000);
  expect(await ring.snapshot(-1)).toMatchObject({ version: 3, endpoints: [{ id: "b" }] });
  expect(await ring.renew("a")).toMatchObject({ kind: "refused", problem: "not_found" });
  vi.setSystemTime(START + 61_000);
  expect(await runDurableObjectAlarm(ring)).toBe(true);
  expect((await ring.changes()).map(({ action, id }) => `${action} ${id}`)).toEqual([
    "expired b",
    "expired a",
    "registered b",
    "registered a",
  ]);
  expect(await runDurableObjectAlarm(ring)).toBe(false); // no alarm
});

it("has the same endpoints after an eviction, and higher versions", async () => {
  const ring = fresh();
  await ring.register(wanted("a"), 0);
  await ring.deregister("a");
  await evictDurableObject(ring);
  expect(await ring.snapshot(-1)).toMatchObject({ version: 2, endpoints: [] });
  expect(await ring.register(wanted("a"), -1)).toMatchObject({ kind: "ok", version: 3 });
  await evictDurableObject(ring);
  expect(await ring.snapshot(2)).toMatchObject({ kind: "changed", version: 3, endpoints: [{ id: "a", revision: 3 }] });
});

/**
 * A history checker: clients compare and set at the same time, and each success has to follow the revision of the success before it. Then
 * all successes have one order, which is what linearizability demands of a register.
 */
it("has one order of all compare-and-set calls of concurrent clients, with evictions between them", async () => {
  const ring = fresh();
  const history: { readonly from: number; readonly to: number; readonly client: number }[] = [];
  const client = async (number: number): Promise<void> => {
    for (let turn = 0; turn < 12; turn++) {
      const seen = await ring.snapshot(-1);
      const from = seen.kind === "changed" ? (seen.endpoints[0]?.revision ?? -1) : -1;
      const outcome = await ring.register(wanted("shared", { weight: 1 + ((number * 31 + turn * 7) % 1_000) }), from);
      if (outcome.kind === "ok" && outcome.endpoint.revision !== from)
        history.push({ from, to: outcome.endpoint.revision, client: number });
      if (number === 0 && turn % 5 === 4) await evictDurableObject(ring).catch(() => undefined);
    }
  };
  await Promise.allSettled(Array.from({ length: 8 }, (_, number) => client(number)));
  history.sort((a, b) => a.to - b.to);
  expect(history.length).toBeGreaterThan(12);
  expect(new Set(history.map(({ client }) => client)).size).toBeGreaterThan(1);
  for (const [index, { from }] of history.entries()) if (index > 0) expect(from).toBe(history[index - 1]!.to);
});

it("keeps 1,000 endpoints over an eviction, and refuses another one", async () => {
  const ring = fresh();
  for (let index = 0; index < 1_000; index++) await ring.register(wanted(`endpoint-${index}`, { leaseMs: 60_000 }), 0);
  expect(await ring.register(wanted("one-more"), 0)).toMatchObject({ kind: "refused", problem: "full" });
  await evictDurableObject(ring);
  const seen = await ring.snapshot(-1);
  expect(seen.kind === "changed" && new Set(seen.endpoints.map(({ id }) => id)).size).toBe(1_000);
  expect(await ring.changes()).toHaveLength(100); // the audit log is bounded
});

it("ignores an endpoint that flaps: only checks in a row count, and each turn is one version", async () => {
  const ring = fresh();
  const check = { kind: "http", path: "/healthz", intervalMs: 1_000, timeoutMs: 500, healthyAfter: 2, unhealthyAfter: 3 } as const;
  let healthy = true;
  const fetched = vi
    .spyOn(globalThis, "fetch")
    .mockImplementation(() => Promise.resolve(new Response(null, { status: healthy ? 200 : 500 })));
  await ring.register(wanted("flaps", { leaseMs: 3_600_000 }), 0);
  await ring.snapshot(-1, check);
  let now = START;
  const checked = async (...checks: readonly boolean[]): Promise<unknown> => {
    for (const result of checks) {
      healthy = result;
      now += 2_000;
      vi.setSystemTime(now);
      await runDurableObjectAlarm(ring);
    }
    const seen = await ring.snapshot(-1);
    return seen.kind === "changed" ? [seen.version, seen.endpoints[0]!.isHealthy] : seen;
  };
  expect(await checked(false, false, true, false, false, true)).toEqual([1, true]);
  expect(await checked(false, false, false)).toEqual([2, false]);
  expect(await checked(true, false, true, false)).toEqual([2, false]);
  expect(await checked(true, true)).toEqual([3, true]);
  expect(fetched.mock.calls.every(([url]) => url === "https://flaps.example/healthz")).toBe(true);
  expect(fetched).toHaveBeenCalledTimes(15);
  fetched.mockRestore();
});

it.each([
  ["serving", [0, 0, 0, 0, 2, 8, 1], 200, true],
  ["not serving", [0, 0, 0, 0, 2, 8, 2], 200, false],
  ["a status alone", [], 200, false],
  ["an error", [0, 0, 0, 0, 2, 8, 1], 502, false],
])("checks a native gRPC server with a call that the edge converts: %s", async (_, bytes, status, isHealthy) => {
  const ring = fresh();
  const check = { kind: "native_grpc", path: "", intervalMs: 1_000, timeoutMs: 500, healthyAfter: 1, unhealthyAfter: 1 } as const;
  const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(() => Promise.resolve(new Response(Uint8Array.from(bytes), { status })));
  await ring.register(wanted("native", { leaseMs: 3_600_000 }), 0);
  await ring.snapshot(-1, check);
  vi.setSystemTime(START + 2_000);
  await runDurableObjectAlarm(ring);
  expect(await ring.snapshot(-1)).toMatchObject({ endpoints: [{ isHealthy }] });
  const [url, init] = fetched.mock.calls[0]!;
  expect(url).toBe("https://native.example/grpc.health.v1.Health/Check");
  expect(init).toMatchObject({ method: "POST", cf: { grpcWeb: "convert" }, headers: { "content-type": "application/grpc-web" } });
  expect(init!.body).toEqual(new Uint8Array(5));
  fetched.mockRestore();
});

it("has all of a change or none of it after a restart in the middle", async () => {
  const ring = fresh();
  await ring.register(wanted("a", { leaseMs: 60_000 }), 0);
  const calls = Array.from({ length: 30 }, (_, index) =>
    ring.register(wanted(`b-${index}`, { leaseMs: 60_000 }), -1).catch(() => undefined),
  );
  await runInDurableObject(ring, (_, state) => state.abort("restarted")).catch(() => undefined);
  const confirmed = (await Promise.all(calls)).flatMap((outcome) => (outcome?.kind === "ok" ? [outcome.endpoint.id] : []));
  const again = env.HASH_RING.get(ring.id) as DurableObjectStub<HashRing>;
  const seen = await again.snapshot(-1);
  const ids = seen.kind === "changed" ? seen.endpoints.map(({ id }) => id) : [];
  const audited = (await again.changes()).map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(["a", ...confirmed])); // every confirmed change is kept
  expect(ids.sort()).toEqual(audited.sort()); // and the list agrees with its audit log
  expect(seen.version).toBe(ids.length);
});

it("checks configured endpoints as well, six at a time, and stores the results", async () => {
  const ring = fresh();
  const check = { kind: "http", path: "/healthz", intervalMs: 1_000, timeoutMs: 5_000, healthyAfter: 1, unhealthyAfter: 2 } as const;
  const down = new Set(["https://c3.example"]);
  let inFlight = 0;
  let most = 0;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url) => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    await Promise.resolve();
    inFlight -= 1;
    return new Response(null, { status: down.has(new URL(String(url)).origin) ? 500 : 200 });
  });
  const configured = Array.from({ length: 20 }, (_, n) => ({ id: `https://c${n}.example`, url: `https://c${n}.example` }));
  expect(await ring.snapshot(-1, check, configured)).toMatchObject({ kind: "changed", endpoints: [], unhealthy: [] });
  const { version } = await ring.snapshot(-1, check, configured);
  const round = async (): Promise<void> => {
    vi.setSystemTime(Date.now() + 1_100);
    expect(await runDurableObjectAlarm(ring)).toBe(true);
  };
  await round();
  expect(await ring.snapshot(version, check, configured)).toEqual({ kind: "unchanged", version }); // one failure changes nothing
  await round();
  const failing = await ring.snapshot(version, check, configured);
  expect(failing).toMatchObject({ kind: "changed", unhealthy: ["https://c3.example"] });
  const restarted = await runInDurableObject(ring, (_, state) => new HashRing(state, env).snapshot(-1));
  expect(restarted).toMatchObject({ unhealthy: ["https://c3.example"] });
  down.clear();
  await round();
  expect(await ring.snapshot(failing.version, check, configured)).toMatchObject({ unhealthy: [] });
  expect(most).toBeLessThanOrEqual(6);
});

it("stops checking configured endpoints that no isolate reports any more", async () => {
  const ring = fresh();
  const check = { kind: "http", path: "/healthz", intervalMs: 1_000, timeoutMs: 500, healthyAfter: 1, unhealthyAfter: 1 } as const;
  const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response());
  await ring.snapshot(-1, check, [{ id: "https://c.example", url: "https://c.example" }]);
  vi.setSystemTime(Date.now() + 200_000);
  await runDurableObjectAlarm(ring);
  expect(fetched).not.toHaveBeenCalled();
  expect(await runDurableObjectAlarm(ring)).toBe(false); // no alarm
  await ring.snapshot(-1, check, [{ id: "https://c.example", url: "https://c.example" }]);
  vi.setSystemTime(Date.now() + 1_100);
  await runDurableObjectAlarm(ring);
  expect(fetched).toHaveBeenCalledTimes(1);
});
