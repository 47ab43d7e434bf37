// The object that keeps the breakers of a service: opens on the word of several, careful after a restart, bounded, and it says who did what.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type BreakerReport, type BreakerView, PROBE_MS, type Reporter } from "../../core/breaker/shared-breaker.ts";
import { BREAKER } from "../../core/config/breaker.ts";
import type { CircuitBreaker } from "../../durable-objects/circuit-breaker.ts";
import { randomStream } from "../simulation/simulation.ts";

const START = Date.UTC(2026, 0, 1);
const ENDPOINT = "https://a.example";
const ADA = { who: "ada", reason: "maintenance" };
let names = 0;
const fresh = (): DurableObjectStub<CircuitBreaker> => env.CIRCUIT_BREAKER.getByName(`breakers-${names++}`);
const stored = (stub: DurableObjectStub<CircuitBreaker>): Promise<{ breakers: number; changes: number }> =>
  runInDurableObject(stub, (_, { storage }) => {
    const rows = (table: string) => storage.sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`).one().n;
    return { breakers: rows("breakers"), changes: rows("changes") };
  });

/** An isolate as its object knows it: each report has a higher number than the one before. */
class Isolate {
  readonly by: Reporter;
  #sequence = 0;

  constructor(isolate: string, location: string) {
    this.by = { isolate, location };
  }

  seen(more: Partial<BreakerReport> = {}): BreakerReport {
    return { sequence: ++this.#sequence, calls: 10, failures: 0, isOpen: false, wantsProbe: false, ...more };
  }

  async tell(stub: DurableObjectStub<CircuitBreaker>, more: Partial<BreakerReport> = {}, policy = BREAKER): Promise<BreakerView> {
    return (await stub.report(this.by, { [ENDPOINT]: this.seen(more) }, policy))[ENDPOINT]!;
  }
}

const FAILING = { failures: 10, isOpen: true };
const four = (): [Isolate, Isolate, Isolate, Isolate] => [
  new Isolate("a", "AMS"),
  new Isolate("b", "AMS"),
  new Isolate("c", "FRA"),
  new Isolate("d", "FRA"),
];

/** @returns the isolates that have opened it */
async function opened(stub: DurableObjectStub<CircuitBreaker>): Promise<[Isolate, Isolate, Isolate, Isolate]> {
  const isolates = four();
  for (const isolate of isolates.slice(0, 3)) await isolate.tell(stub, FAILING);
  expect(await isolates[3].tell(stub, { calls: 0 })).toMatchObject({ kind: "open", version: 2 });
  return isolates;
}

async function halfOpen(stub: DurableObjectStub<CircuitBreaker>): Promise<[Isolate, Isolate, Isolate, Isolate]> {
  const isolates = await opened(stub);
  vi.setSystemTime(START + BREAKER.openMs);
  expect(await isolates[3].tell(stub, { calls: 0 })).toMatchObject({ kind: "half", version: 3, probeId: undefined });
  return isolates;
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

describe("CircuitBreaker", () => {
  it("opens on the word of three isolates in two places, for those too that have seen nothing", async () => {
    const stub = fresh();
    const [a, b, c, d] = four();
    expect((await a.tell(stub, FAILING)).kind).toBe("closed");
    expect((await b.tell(stub, FAILING)).kind).toBe("closed");
    expect((await d.tell(stub, { calls: 0 })).kind).toBe("closed");
    expect(await c.tell(stub, FAILING)).toMatchObject({ kind: "open", admit: 0, version: 2, retryAfterMs: BREAKER.openMs });
    expect((await d.tell(stub, { calls: 0 })).kind).toBe("open");
  });

  it("does not open on the word of one isolate, however often, nor of many in one place", async () => {
    const stub = fresh();
    const one = new Isolate("a", "AMS");
    for (let n = 0; n < 20; n++) expect((await one.tell(stub, FAILING)).kind).toBe("closed");
    for (let n = 0; n < 20; n++) expect((await new Isolate(`b${n}`, "AMS").tell(stub, FAILING)).kind).toBe("closed");
    expect(await stub.changes()).toEqual([]);
  });

  it("hears a report once, whether it comes twice or late", async () => {
    const stub = fresh();
    const [a, b, c] = four();
    const bad = a.seen(FAILING);
    const well = a.seen();
    await stub.report(a.by, { [ENDPOINT]: bad }, BREAKER);
    await stub.report(a.by, { [ENDPOINT]: well }, BREAKER);
    for (let n = 0; n < 5; n++) await stub.report(a.by, { [ENDPOINT]: bad }, BREAKER); // what it has taken back since
    await b.tell(stub, FAILING);
    expect((await c.tell(stub, FAILING)).kind).toBe("closed"); // two of three
    expect((await a.tell(stub, FAILING)).kind).toBe("open");
  });

  it("stores at changes, and not at reports", async () => {
    const stub = fresh();
    const [a, b, c, d] = four();
    for (const isolate of [a, b, d]) for (let n = 0; n < 10; n++) await isolate.tell(stub);
    await a.tell(stub, FAILING);
    await b.tell(stub, FAILING);
    expect(await stored(stub)).toEqual({ breakers: 0, changes: 0 });
    await c.tell(stub, FAILING);
    expect(await stored(stub)).toEqual({ breakers: 1, changes: 1 });
    for (let n = 0; n < 20; n++) await d.tell(stub, FAILING);
    expect(await stored(stub)).toEqual({ breakers: 1, changes: 1 });
  });

  it("is still open after an eviction, with a higher version, and closes by its probes", async () => {
    const stub = fresh();
    const [a, b, c, d] = await opened(stub);
    await evictDurableObject(stub);
    expect(await d.tell(stub, { calls: 0 })).toMatchObject({ kind: "open", version: 3 });
    await evictDurableObject(stub);
    expect(await d.tell(stub, { calls: 0 })).toMatchObject({ kind: "open", version: 4 });
    const grace = Date.now() + PROBE_MS;
    vi.setSystemTime(START + BREAKER.openMs);
    expect(await d.tell(stub, { calls: 0, wantsProbe: true })).toMatchObject({ kind: "half", version: 5 });
    vi.setSystemTime(grace);
    for (const isolate of [a, b, c]) {
      const { version, probeId: token } = await isolate.tell(stub, { calls: 0, wantsProbe: true });
      await isolate.tell(stub, { calls: 1, probe: { version, id: token!, succeeded: true } });
    }
    expect(await d.tell(stub)).toMatchObject({ kind: "ramp", version: 6 });
    vi.setSystemTime(grace + 10_000);
    expect(await d.tell(stub)).toMatchObject({ kind: "closed", admit: 1, version: 7 });
  });

  it.each(["evicted", "aborted"])("grants no probe for as long as one may be under way after it was %s half open", async (how) => {
    const stub = fresh();
    const [a, b] = await halfOpen(stub);
    const before = await a.tell(stub, { calls: 0, wantsProbe: true });
    expect(before.probeId).toBeDefined();
    let again = stub;
    const restart = async (): Promise<void> => {
      if (how === "evicted") await evictDurableObject(again);
      else await runInDurableObject(again, (_, state) => state.abort("the machine is gone")).catch(() => undefined);
      again = env.CIRCUIT_BREAKER.get(stub.id); // the stub of an aborted object is broken
      await again.state();
    };
    await restart();
    await restart(); // twice: versions of two lives differ, too
    const restartedAt = Date.now();
    const late = await a.tell(again, { calls: 1, failures: 1, probe: { version: before.version, id: before.probeId!, succeeded: false } });
    expect(late).toMatchObject({ kind: "half", probeId: undefined }); // the word of a probe of an older version changes nothing
    expect(late.version).toBeGreaterThan(before.version + 1);
    vi.setSystemTime(restartedAt + PROBE_MS - 1);
    expect((await b.tell(again, { calls: 0, wantsProbe: true })).probeId).toBeUndefined();
    vi.setSystemTime(restartedAt + PROBE_MS);
    expect((await b.tell(again, { calls: 0, wantsProbe: true })).probeId).toBeDefined();
  });

  it("grants as many probes as its policy says, again when they are void, and none of them twice", async () => {
    const stub = fresh();
    await halfOpen(stub);
    const ask = async (isolate: string) => (await new Isolate(isolate, "AMS").tell(stub, { calls: 0, wantsProbe: true })).probeId;
    const first = [await ask("p"), await ask("q"), await ask("r"), await ask("s")];
    expect(first.filter((token) => token !== undefined)).toHaveLength(BREAKER.probes);
    vi.setSystemTime(Date.now() + PROBE_MS);
    const second = [await ask("t"), await ask("u")];
    expect(new Set([...first, ...second]).size).toBe(BREAKER.probes + 2 + 1); // and the one that got none
  });

  it("opens again, for twice as long, when a probe fails", async () => {
    const stub = fresh();
    const [a, b] = await halfOpen(stub);
    const { version, probeId: token } = await a.tell(stub, { calls: 0, wantsProbe: true });
    const view = await a.tell(stub, { calls: 1, failures: 1, probe: { version, id: token!, succeeded: false } });
    expect(view).toMatchObject({ kind: "open", retryAfterMs: 2 * BREAKER.openMs });
    expect((await b.tell(stub, { wantsProbe: true })).probeId).toBeUndefined();
  });

  it("keeps an operator's word over evidence, evictions and time, until it is taken back", async () => {
    const stub = fresh();
    const [a, b, c, d] = four();
    expect(await stub.force(ENDPOINT, "open", ADA)).toMatchObject({ kind: "open", forced: "open", since: START });
    await evictDurableObject(stub);
    vi.setSystemTime(START + 3_600_000);
    expect(await d.tell(stub)).toMatchObject({ kind: "open", admit: 0 });
    expect(await stub.force(ENDPOINT, "closed", ADA)).toMatchObject({ kind: "closed", forced: "closed" });
    await evictDurableObject(stub);
    for (const isolate of [a, b, c, d]) expect(await isolate.tell(stub, FAILING)).toMatchObject({ kind: "closed", admit: 1 });
    expect(await stub.force(ENDPOINT, undefined, ADA)).toMatchObject({ kind: "closed", forced: undefined });
    for (const isolate of [a, b, c]) await isolate.tell(stub, FAILING);
    expect((await d.tell(stub)).kind).toBe("open");
    const versions = (await stub.changes()).length;
    expect(versions).toBe(4);
  });

  it("says what it knows of each endpoint, since when, and what has changed, by whom and why", async () => {
    const stub = fresh();
    await opened(stub);
    await stub.force("https://b.example", "open", ADA);
    expect(await stub.state()).toEqual([
      { endpoint: ENDPOINT, kind: "open", since: START, forced: undefined, isolates: 4 },
      { endpoint: "https://b.example", kind: "open", since: START, forced: "open", isolates: 0 },
    ]);
    vi.setSystemTime(START + BREAKER.openMs + 7);
    expect((await stub.state())[0]).toMatchObject({ kind: "half", since: START + BREAKER.openMs + 7 });
    await evictDurableObject(stub);
    expect((await stub.state())[0]).toMatchObject({ kind: "half", since: START + BREAKER.openMs + 7, isolates: 0 });
    expect((await stub.changes()).map(({ endpoint, kind, forced, who, reason }) => ({ endpoint, kind, forced, who, reason }))).toEqual([
      { endpoint: ENDPOINT, kind: "half", forced: null, who: "evidence", reason: "" },
      { endpoint: "https://b.example", kind: "closed", forced: "open", ...ADA },
      { endpoint: ENDPOINT, kind: "open", forced: null, who: "evidence", reason: "" },
    ]);
  });

  it("keeps the words of operators in its audit, however often evidence changes", async () => {
    const stub = fresh();
    await stub.force("https://b.example", "open", ADA);
    const isolates = four();
    for (let turn = 0; turn < 110; turn++) {
      for (const isolate of isolates) await isolate.tell(stub, FAILING); // closed > open
      vi.setSystemTime(Date.now() + 60_000); // open > half
      const { version, probeId: token } = await isolates[0].tell(stub, { calls: 0, wantsProbe: true });
      await isolates[0].tell(stub, { probe: { version, id: token!, succeeded: false }, ...FAILING }); // half > open
      vi.setSystemTime(Date.now() + 60_000);
    }
    const changes = await stub.changes();
    expect(changes.filter(({ who }) => who === "evidence")).toHaveLength(200);
    expect(changes.filter(({ who }) => who === "ada")).toHaveLength(1);
  });

  it("remembers 2,000 endpoints, and forgets those first that are well", async () => {
    const stub = fresh();
    await opened(stub);
    const isolate = new Isolate("z", "AMS");
    for (let batch = 0; batch < 5; batch++) {
      const seen = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`https://${batch}-${n}.example`, isolate.seen()]));
      await stub.report(isolate.by, seen, BREAKER);
    }
    const known = (await stub.state()).map(({ endpoint }) => endpoint);
    expect(known).toHaveLength(2_000);
    expect(known).toContain(ENDPOINT); // which is open
    expect(known).toContain("https://4-499.example");
    expect(known).not.toContain("https://0-0.example");
  });

  it("remembers 5,000 isolates of an endpoint, the latest", async () => {
    const stub = fresh();
    const [first] = four();
    await first.tell(stub, FAILING);
    await runInDurableObject(stub, (object: CircuitBreaker) => {
      for (let n = 0; n < 5_100; n++) {
        const isolate = new Isolate(`isolate-${n}`, n % 2 === 0 ? "AMS" : "FRA");
        object.report(isolate.by, { [ENDPOINT]: isolate.seen() }, BREAKER);
      }
    });
    expect((await stub.state())[0]).toMatchObject({ kind: "closed", isolates: 5_000 });
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("has no more than its probes alive, whatever is asked, told and restarted (seed %d)", async (seed) => {
    const stub = fresh();
    const roll = randomStream(seed);
    const policy = { ...BREAKER, openMs: 500, probes: 1 + (seed % 3) };
    const isolates = Array.from({ length: 6 }, (_, n) => new Isolate(`i${n}`, `L${n % 3}`));
    let alive: { version: number; token: number; isolate: Isolate; voidAt: number }[] = [];
    let [granted, highest] = [0, 0];
    for (let step = 0; step < 250; step++) {
      vi.setSystemTime(Date.now() + Math.floor(roll() * roll() * 3_000));
      const now = Date.now();
      alive = alive.filter(({ voidAt }) => voidAt > now);
      if (roll() < 0.03) await evictDurableObject(stub);
      const isolate = isolates[Math.floor(roll() * isolates.length)]!;
      const own = alive.find((one) => one.isolate === isolate);
      const ends = own !== undefined && roll() < 0.5;
      if (ends) alive = alive.filter((one) => one !== own);
      const isWell = roll() < 0.6;
      const probe = ends ? { probe: { version: own.version, id: own.token, succeeded: isWell } } : {};
      const failures = roll() < 0.4 ? 10 : 0;
      const seen = { failures, isOpen: failures > 0, wantsProbe: own === undefined && roll() < 0.8, ...probe };
      const view = await isolate.tell(stub, seen, policy);
      expect(view.version).toBeGreaterThanOrEqual(highest);
      highest = view.version;
      if (view.probeId !== undefined) {
        granted += 1;
        alive.push({ version: view.version, token: view.probeId, isolate, voidAt: now + PROBE_MS });
      }
      expect(alive.length).toBeLessThanOrEqual(policy.probes);
    }
    expect(granted).toBeGreaterThan(5);
  });
});
