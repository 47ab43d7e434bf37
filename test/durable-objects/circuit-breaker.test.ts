// The Durable Object of shared breakers: opens by a quorum, is careful after a restart, is bounded, and audits every change.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type BreakerReport, type BreakerView, PROBE_MS, type Reporter } from "../../core/breaker/report.ts";
import { BREAKER } from "../../core/config/breaker.ts";
import type { CircuitBreaker } from "../../durable-objects/circuit-breaker.ts";
import { randomStream } from "../simulation/simulation.ts";

const START = Date.UTC(2026, 0, 1);
const ENDPOINT = "https://a.example";
const ADA = { author: "ada", reason: "maintenance" };
let names = 0;
const fresh = (): DurableObjectStub<CircuitBreaker> => env.CIRCUIT_BREAKER.getByName(`breakers-${names++}`);
const stored = (stub: DurableObjectStub<CircuitBreaker>): Promise<{ breakers: number; changes: number }> =>
  runInDurableObject(stub, (_, { storage }) => {
    const rows = (table: string) => storage.sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`).one().n;
    return { breakers: rows("breakers"), changes: rows("changes") };
  });

/** An isolate as the Durable Object sees it: each report has a higher number than the one before. */
class Isolate {
  readonly reporter: Reporter;
  #sequence = 0;

  constructor(isolate: string, location: string) {
    this.reporter = { isolate, location };
  }

  report(more: Partial<BreakerReport> = {}): BreakerReport {
    return { sequence: ++this.#sequence, calls: 10, failures: 0, isOpen: false, wantsProbe: false, ...more };
  }

  async send(stub: DurableObjectStub<CircuitBreaker>, more: Partial<BreakerReport> = {}, policy = BREAKER): Promise<BreakerView> {
    const { views, probes } = await stub.report([{ ...this.reporter, reports: { [ENDPOINT]: this.report(more) } }], policy);
    return { ...views[ENDPOINT]!, probeId: probes[this.reporter.isolate]?.[ENDPOINT] };
  }
}

const FAILING = { failures: 10, isOpen: true };
const four = (): [Isolate, Isolate, Isolate, Isolate] => [
  new Isolate("a", "AMS"),
  new Isolate("b", "AMS"),
  new Isolate("c", "FRA"),
  new Isolate("d", "FRA"),
];

/** Opens the endpoint. @returns the isolates that have reported it */
async function opened(stub: DurableObjectStub<CircuitBreaker>): Promise<[Isolate, Isolate, Isolate, Isolate]> {
  const isolates = four();
  for (const isolate of isolates.slice(0, 3)) await isolate.send(stub, FAILING);
  expect(await isolates[3].send(stub, { calls: 0 })).toMatchObject({ kind: "open", version: 2 });
  return isolates;
}

async function halfOpen(stub: DurableObjectStub<CircuitBreaker>): Promise<[Isolate, Isolate, Isolate, Isolate]> {
  const isolates = await opened(stub);
  vi.setSystemTime(START + BREAKER.openMs);
  expect(await isolates[3].send(stub, { calls: 0 })).toMatchObject({ kind: "half_open", version: 3, probeId: undefined });
  return isolates;
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

describe("CircuitBreaker", () => {
  it("opens by the reports of three isolates in two locations, also for isolates that have not called it", async () => {
    const stub = fresh();
    const [a, b, c, d] = four();
    expect((await a.send(stub, FAILING)).kind).toBe("closed");
    expect((await b.send(stub, FAILING)).kind).toBe("closed");
    expect((await d.send(stub, { calls: 0 })).kind).toBe("closed");
    expect(await c.send(stub, FAILING)).toMatchObject({ kind: "open", admit: 0, version: 2, retryAfterMs: BREAKER.openMs });
    expect((await d.send(stub, { calls: 0 })).kind).toBe("open");
  });

  it("takes a batch of a relay in as the reports of its isolates, and grants each probe to one of them", async () => {
    const stub = fresh();
    const [a, b, c, d] = four();
    const entry = (isolate: Isolate, more: Partial<BreakerReport>) => ({
      ...isolate.reporter,
      reports: { [ENDPOINT]: isolate.report(more) },
    });
    expect((await stub.report([entry(a, FAILING), entry(b, FAILING)], BREAKER)).views[ENDPOINT]!.kind).toBe("closed");
    const opened = await stub.report([entry(d, { calls: 0 }), entry(c, FAILING)], BREAKER);
    expect(opened.views[ENDPOINT]).toMatchObject({ kind: "open", probeId: undefined });
    vi.setSystemTime(START + BREAKER.openMs);
    const wishes = [a, b, c, d].map((isolate) => entry(isolate, { wantsProbe: true }));
    const { probes } = await stub.report(wishes, BREAKER);
    expect(probes).toEqual({ a: { [ENDPOINT]: 1 }, b: { [ENDPOINT]: 2 }, c: { [ENDPOINT]: 3 } });
  });

  it("does not open by the reports of one isolate, or of many isolates in one location", async () => {
    const stub = fresh();
    const one = new Isolate("a", "AMS");
    for (let n = 0; n < 20; n++) expect((await one.send(stub, FAILING)).kind).toBe("closed");
    for (let n = 0; n < 20; n++) expect((await new Isolate(`b${n}`, "AMS").send(stub, FAILING)).kind).toBe("closed");
    expect(await stub.changes()).toEqual([]);
  });

  it("counts a report once, also if it arrives twice or late", async () => {
    const stub = fresh();
    const [a, b, c] = four();
    const bad = a.report(FAILING);
    const healthy = a.report();
    await stub.report([{ ...a.reporter, reports: { [ENDPOINT]: bad } }], BREAKER);
    await stub.report([{ ...a.reporter, reports: { [ENDPOINT]: healthy } }], BREAKER);
    for (let n = 0; n < 5; n++) await stub.report([{ ...a.reporter, reports: { [ENDPOINT]: bad } }], BREAKER); // an older report of the same isolate
    await b.send(stub, FAILING);
    expect((await c.send(stub, FAILING)).kind).toBe("closed"); // two of three
    expect((await a.send(stub, FAILING)).kind).toBe("open");
  });

  it("writes to storage at transitions, and not at reports", async () => {
    const stub = fresh();
    const [a, b, c, d] = four();
    for (const isolate of [a, b, d]) for (let n = 0; n < 10; n++) await isolate.send(stub);
    await a.send(stub, FAILING);
    await b.send(stub, FAILING);
    expect(await stored(stub)).toEqual({ breakers: 0, changes: 0 });
    await c.send(stub, FAILING);
    expect(await stored(stub)).toEqual({ breakers: 1, changes: 1 });
    for (let n = 0; n < 20; n++) await d.send(stub, FAILING);
    expect(await stored(stub)).toEqual({ breakers: 1, changes: 1 });
  });

  it("is still open after an eviction, with a higher version, and closes after three successful probes", async () => {
    const stub = fresh();
    const [a, b, c, d] = await opened(stub);
    await evictDurableObject(stub);
    expect(await d.send(stub, { calls: 0 })).toMatchObject({ kind: "open", version: 3 });
    await evictDurableObject(stub);
    expect(await d.send(stub, { calls: 0 })).toMatchObject({ kind: "open", version: 4 });
    const grace = Date.now() + PROBE_MS;
    vi.setSystemTime(START + BREAKER.openMs);
    expect(await d.send(stub, { calls: 0, wantsProbe: true })).toMatchObject({ kind: "half_open", version: 5 });
    vi.setSystemTime(grace);
    for (const isolate of [a, b, c]) {
      const { version, probeId } = await isolate.send(stub, { calls: 0, wantsProbe: true });
      await isolate.send(stub, { calls: 1, probe: { version, id: probeId!, succeeded: true } });
    }
    expect(await d.send(stub)).toMatchObject({ kind: "ramp", version: 6 });
    vi.setSystemTime(grace + 10_000);
    expect(await d.send(stub)).toMatchObject({ kind: "closed", admit: 1, version: 7 });
  });

  it.each(["evicted", "aborted"])("grants no probe while an old one may be in flight, after it was %s while half open", async (how) => {
    const stub = fresh();
    const [a, b] = await halfOpen(stub);
    const before = await a.send(stub, { calls: 0, wantsProbe: true });
    expect(before.probeId).toBeDefined();
    let again = stub;
    const restart = async (): Promise<void> => {
      if (how === "evicted") await evictDurableObject(again);
      else await runInDurableObject(again, (_, state) => state.abort("restarted by the test")).catch(() => undefined);
      again = env.CIRCUIT_BREAKER.get(stub.id); // the stub of an aborted object is broken
      await again.state();
    };
    await restart();
    await restart(); // twice: each restart has its own version
    const restartedAt = Date.now();
    const late = await a.send(again, { calls: 1, failures: 1, probe: { version: before.version, id: before.probeId!, succeeded: false } });
    expect(late).toMatchObject({ kind: "half_open", probeId: undefined }); // the result of a probe of an older version changes nothing
    expect(late.version).toBeGreaterThan(before.version + 1);
    vi.setSystemTime(restartedAt + PROBE_MS - 1);
    expect((await b.send(again, { calls: 0, wantsProbe: true })).probeId).toBeUndefined();
    vi.setSystemTime(restartedAt + PROBE_MS);
    expect((await b.send(again, { calls: 0, wantsProbe: true })).probeId).toBeDefined();
  });

  it("grants as many probes as its policy says, again when they expire, and none of them twice", async () => {
    const stub = fresh();
    await halfOpen(stub);
    const request = async (isolate: string) => (await new Isolate(isolate, "AMS").send(stub, { calls: 0, wantsProbe: true })).probeId;
    const first = [await request("p"), await request("q"), await request("r"), await request("s")];
    expect(first.filter((probeId) => probeId !== undefined)).toHaveLength(BREAKER.probes);
    vi.setSystemTime(Date.now() + PROBE_MS);
    const second = [await request("t"), await request("u")];
    expect(new Set([...first, ...second]).size).toBe(BREAKER.probes + 2 + 1); // and `undefined`, for the isolate that got none
  });

  it("opens again, for twice as long, when a probe fails", async () => {
    const stub = fresh();
    const [a, b] = await halfOpen(stub);
    const { version, probeId } = await a.send(stub, { calls: 0, wantsProbe: true });
    const view = await a.send(stub, { calls: 1, failures: 1, probe: { version, id: probeId!, succeeded: false } });
    expect(view).toMatchObject({ kind: "open", retryAfterMs: 2 * BREAKER.openMs });
    expect((await b.send(stub, { wantsProbe: true })).probeId).toBeUndefined();
  });

  it("keeps an override over evidence, evictions and time, until it is removed", async () => {
    const stub = fresh();
    const [a, b, c, d] = four();
    expect(await stub.setOverride(ENDPOINT, "open", ADA)).toMatchObject({ kind: "open", override: "open", since: START });
    await evictDurableObject(stub);
    vi.setSystemTime(START + 3_600_000);
    expect(await d.send(stub)).toMatchObject({ kind: "open", admit: 0 });
    expect(await stub.setOverride(ENDPOINT, "closed", ADA)).toMatchObject({ kind: "closed", override: "closed" });
    await evictDurableObject(stub);
    for (const isolate of [a, b, c, d]) expect(await isolate.send(stub, FAILING)).toMatchObject({ kind: "closed", admit: 1 });
    expect(await stub.setOverride(ENDPOINT, undefined, ADA)).toMatchObject({ kind: "closed", override: undefined });
    for (const isolate of [a, b, c]) await isolate.send(stub, FAILING);
    expect((await d.send(stub)).kind).toBe("open");
    const versions = (await stub.changes()).length;
    expect(versions).toBe(4);
  });

  it("lists the state of each endpoint, and every change with author and reason", async () => {
    const stub = fresh();
    await opened(stub);
    await stub.setOverride("https://b.example", "open", ADA);
    expect(await stub.state()).toEqual([
      { endpoint: ENDPOINT, kind: "open", since: START, override: undefined, isolates: 4 },
      { endpoint: "https://b.example", kind: "open", since: START, override: "open", isolates: 0 },
    ]);
    vi.setSystemTime(START + BREAKER.openMs + 7);
    expect((await stub.state())[0]).toMatchObject({ kind: "half_open", since: START + BREAKER.openMs + 7 });
    await evictDurableObject(stub);
    expect((await stub.state())[0]).toMatchObject({ kind: "half_open", since: START + BREAKER.openMs + 7, isolates: 0 });
    expect(
      (await stub.changes()).map(({ endpoint, kind, override, author, reason }) => ({ endpoint, kind, override, author, reason })),
    ).toEqual([
      { endpoint: ENDPOINT, kind: "half_open", override: null, author: "evidence", reason: "" },
      { endpoint: "https://b.example", kind: "open", override: "open", ...ADA },
      { endpoint: ENDPOINT, kind: "open", override: null, author: "evidence", reason: "" },
    ]);
  });

  it("reads rows that the first version has stored, and upgrades them once", async () => {
    const stub = fresh();
    const row = (kind: string, more: object = {}) =>
      JSON.stringify({ version: 7, kind, until: START + 9, opens: 1, nextToken: 4, ...more });
    await runInDurableObject(stub, (_, { storage: { sql, kv } }) => {
      kv.delete("format");
      sql.exec("INSERT INTO breakers VALUES ('half', ?, 1), ('forced', ?, 2)", row("half"), row("closed", { forced: "open" }));
      const change = "INSERT INTO changes (at, endpoint, kind, forced, who, reason) VALUES (?, ?, ?, ?, ?, ?)";
      sql.exec(change, 1, "half", "half", null, "evidence", "");
      sql.exec(change, 2, "forced", "closed", "open", "ada", "maintenance");
    });
    for (let restarts = 0; restarts < 2; restarts++) {
      await evictDurableObject(stub);
      expect(await stub.state()).toEqual([
        { endpoint: "forced", kind: "open", since: 2, override: "open", isolates: 0 },
        { endpoint: "half", kind: "half_open", since: 1, override: undefined, isolates: 0 },
      ]);
      expect((await stub.changes()).map(({ kind, override, author }) => ({ kind, override, author }))).toEqual([
        { kind: "open", override: "open", author: "ada" },
        { kind: "half_open", override: null, author: "evidence" },
      ]);
    }
  });

  it("keeps changes of operators in the audit log, however often evidence changes the state", async () => {
    const stub = fresh();
    await stub.setOverride("https://b.example", "open", ADA);
    const isolates = four();
    for (let turn = 0; turn < 110; turn++) {
      for (const isolate of isolates) await isolate.send(stub, FAILING); // closed > open
      vi.setSystemTime(Date.now() + 60_000); // open > half_open
      const { version, probeId } = await isolates[0].send(stub, { calls: 0, wantsProbe: true });
      await isolates[0].send(stub, { probe: { version, id: probeId!, succeeded: false }, ...FAILING }); // half_open > open
      vi.setSystemTime(Date.now() + 60_000);
    }
    const changes = await stub.changes();
    expect(changes.filter(({ author }) => author === "evidence")).toHaveLength(200);
    expect(changes.filter(({ author }) => author === "ada")).toHaveLength(1);
  });

  it("keeps 2,000 endpoints, and drops closed ones first", async () => {
    const stub = fresh();
    await opened(stub);
    const isolate = new Isolate("z", "AMS");
    for (let batch = 0; batch < 5; batch++) {
      const seen = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`https://${batch}-${n}.example`, isolate.report()]));
      await stub.report([{ ...isolate.reporter, reports: seen }], BREAKER);
    }
    const known = (await stub.state()).map(({ endpoint }) => endpoint);
    expect(known).toHaveLength(2_000);
    expect(known).toContain(ENDPOINT); // it is open
    expect(known).toContain("https://4-499.example");
    expect(known).not.toContain("https://0-0.example");
  });

  it("keeps the latest reports of 5,000 isolates of an endpoint", async () => {
    const stub = fresh();
    const [first] = four();
    await first.send(stub, FAILING);
    await runInDurableObject(stub, (object: CircuitBreaker) => {
      for (let n = 0; n < 5_100; n++) {
        const isolate = new Isolate(`isolate-${n}`, n % 2 === 0 ? "AMS" : "FRA");
        object.report([{ ...isolate.reporter, reports: { [ENDPOINT]: isolate.report() } }], BREAKER);
      }
    });
    expect((await stub.state())[0]).toMatchObject({ kind: "closed", isolates: 5_000 });
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "never has more probes in flight than its policy allows, under any reports and restarts (seed %d)",
    async (seed) => {
      const stub = fresh();
      const random = randomStream(seed);
      const policy = { ...BREAKER, openMs: 500, probes: 1 + (seed % 3) };
      const isolates = Array.from({ length: 6 }, (_, n) => new Isolate(`i${n}`, `L${n % 3}`));
      let alive: { version: number; id: number; isolate: Isolate; expiresAt: number }[] = [];
      let [granted, highest] = [0, 0];
      for (let step = 0; step < 250; step++) {
        vi.setSystemTime(Date.now() + Math.floor(random() * random() * 3_000));
        const now = Date.now();
        alive = alive.filter(({ expiresAt }) => expiresAt > now);
        if (random() < 0.03) await evictDurableObject(stub);
        const isolate = isolates[Math.floor(random() * isolates.length)]!;
        const own = alive.find((one) => one.isolate === isolate);
        const ends = own !== undefined && random() < 0.5;
        if (ends) alive = alive.filter((one) => one !== own);
        const succeeded = random() < 0.6;
        const probe = ends ? { probe: { version: own.version, id: own.id, succeeded } } : {};
        const failures = random() < 0.4 ? 10 : 0;
        const seen = { failures, isOpen: failures > 0, wantsProbe: own === undefined && random() < 0.8, ...probe };
        const view = await isolate.send(stub, seen, policy);
        expect(view.version).toBeGreaterThanOrEqual(highest);
        highest = view.version;
        if (view.probeId !== undefined) {
          granted += 1;
          alive.push({ version: view.version, id: view.probeId, isolate, expiresAt: now + PROBE_MS });
        }
        expect(alive.length).toBeLessThanOrEqual(policy.probes);
      }
      expect(granted).toBeGreaterThan(5);
    },
  );
});
