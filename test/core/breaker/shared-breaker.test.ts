// The shared breaker of one endpoint, step by step: every transition, every bound of probes and the ramp, and overrides.
import { describe, expect, it } from "vitest";
import { type BreakerView, type IsolateReport, PROBE_MS } from "../../../core/breaker/report.ts";
import { CLOSED, isTroubled, release, type SharedBreaker, setOverride, trip, viewAt } from "../../../core/breaker/shared-breaker.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import { receiveReport } from "../../support/receive-report.ts";

const NOW = 100_000;
const REPORT: IsolateReport = { isolate: "a", location: "A", sequence: 1, calls: 10, failures: 10, isOpen: false, wantsProbe: false };
const HEALTHY: Partial<IsolateReport> = { failures: 0 };

/** One report of each of several isolates, each in its own location unless it is given. */
const receive = (reports: readonly Partial<IsolateReport>[], before: SharedBreaker = CLOSED, now = NOW): SharedBreaker =>
  reports.reduce<SharedBreaker>(
    (breaker, report, index) =>
      receiveReport(breaker, { ...REPORT, isolate: `i${index}`, location: `L${index}`, ...report }, BREAKER, now)[0],
    before,
  );
const view = (breaker: SharedBreaker, now = NOW): BreakerView => viewAt(breaker, now)[1];
const OPEN = receive([{}, {}, {}]);

describe("a closed breaker", () => {
  it("opens with the report that completes the quorum", () => {
    expect(receive([{}, {}]).kind).toBe("closed");
    expect(OPEN.kind).toBe("open");
    const isOpen = { calls: 0, failures: 0, isOpen: true };
    expect(receive([isOpen, isOpen, isOpen]).kind).toBe("open");
  });

  it("does not open with a report of success, also if a smaller quorum is complete", () => {
    const two = receive([{}, {}]);
    const policy = { ...BREAKER, quorum: 2 };
    expect(receiveReport(two, { ...REPORT, ...HEALTHY, isolate: "z" }, policy, NOW)[0].kind).toBe("closed");
    expect(receiveReport(two, { ...REPORT, isolate: "z" }, policy, NOW)[0].kind).toBe("open");
  });

  it("counts a report for 15 s", () => {
    const two = receive([{}, {}]);
    const third = { ...REPORT, isolate: "z", location: "Z" };
    expect(receiveReport(two, third, BREAKER, NOW + 14_999)[0].kind).toBe("open");
    expect(receiveReport(two, third, BREAKER, NOW + 15_000)[0].kind).toBe("closed");
  });

  it("counts each report once, and none that is older than the last one", () => {
    const [once] = receiveReport(CLOSED, REPORT, BREAKER, 0);
    const [twice] = receiveReport(once, { ...REPORT, failures: 3 }, BREAKER, 1);
    expect(twice.evidence.get("a")?.failures).toBe(10);
    const same = { isolate: "i0", location: "L0" };
    expect(receive([{}, { ...same, sequence: 2 }, { ...same, sequence: 3 }]).kind).toBe("closed"); // one isolate
    const late = receiveReport(OPEN, { ...REPORT, ...HEALTHY, isolate: "i0", sequence: 1 }, BREAKER, NOW)[0];
    expect(late.evidence.get("i0")).toEqual(OPEN.evidence.get("i0"));
  });

  it("admits every call, with a lease of 30 s", () => {
    expect(view(CLOSED)).toStrictEqual({ version: 1, kind: "closed", admit: 1, retryAfterMs: 0, probeId: undefined, leaseMs: 30_000 });
  });
});

describe("an open breaker", () => {
  it("is open for openMs, twice as long each time in a row, and for a minute at most", () => {
    expect(OPEN).toMatchObject({ kind: "open", version: 2, opens: 1, until: NOW + 5_000 });
    expect(view(OPEN)).toStrictEqual({ version: 2, kind: "open", admit: 0, retryAfterMs: 5_000, probeId: undefined, leaseMs: 5_000 });
    expect(view(OPEN, NOW + 4_999.5)).toMatchObject({ retryAfterMs: 1, leaseMs: 1 });
    const openMs = (opens: number): number => {
      const ramp: SharedBreaker = { ...CLOSED, kind: "ramp", since: NOW, opens };
      const breaker = receive([{}, {}, {}], ramp);
      return breaker.kind === "open" ? breaker.until - NOW : Number.NaN;
    };
    expect([0, 1, 2, 3, 4, 9].map(openMs)).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it("drops the counts that have opened it", () => {
    for (const observation of OPEN.evidence.values()) expect(observation).toMatchObject({ calls: 0, failures: 0, isOpen: false });
  });

  it("becomes half open when its time is over", () => {
    expect(view(OPEN, NOW + 4_999).kind).toBe("open");
    const want = { version: 3, kind: "half_open", admit: 0, retryAfterMs: 1_000, probeId: undefined, leaseMs: 8_000 };
    expect(view(OPEN, NOW + 5_000)).toStrictEqual(want);
  });
});

describe("a half-open breaker", () => {
  const AT = NOW + 5_000;
  const [HALF_OPEN] = viewAt(OPEN, AT);
  const request = (breaker: SharedBreaker, isolate: string, more: Partial<IsolateReport> = {}, now = AT) =>
    receiveReport(breaker, { ...REPORT, ...HEALTHY, calls: 0, isolate, sequence: 9, wantsProbe: true, ...more }, BREAKER, now);

  it("grants the configured number of probes at once, each with its own id, to isolates that want one", () => {
    let breaker = HALF_OPEN;
    const ids: (number | undefined)[] = [];
    for (const isolate of ["a", "b", "c", "d"]) {
      const [next, granted] = request(breaker, isolate);
      breaker = next;
      ids.push(granted.probeId);
    }
    expect(ids).toEqual([1, 2, 3, undefined]);
    expect(request(HALF_OPEN, "a", { wantsProbe: false })[1].probeId).toBeUndefined();
    expect(request(HALF_OPEN, "i0", { sequence: 1 })[1].probeId).toBeUndefined(); // a report that it has received before
    expect(request(breaker, "e", {}, AT + PROBE_MS - 1)[1].probeId).toBeUndefined();
    expect(request(breaker, "e", {}, AT + PROBE_MS)[1].probeId).toBe(4); // the other probes have expired
  });

  it("grants no probe in another state, and none while unknown probes may be in flight", () => {
    expect(request(CLOSED, "a")[1].probeId).toBeUndefined();
    expect(request(OPEN, "a", {}, NOW)[1].probeId).toBeUndefined();
    expect(request(setOverride(HALF_OPEN, "open"), "a")[1].probeId).toBeUndefined();
    const restarted = { ...HALF_OPEN, probes: { ...HALF_OPEN.probes, notBefore: AT + 7 } };
    expect(request(restarted, "a", {}, AT + 6)[1].probeId).toBeUndefined();
    expect(request(restarted, "a", {}, AT + 7)[1].probeId).toBe(1);
  });

  it("counts probes of the last half-open period until they expire", () => {
    let breaker = HALF_OPEN;
    for (const isolate of ["a", "b"]) [breaker] = request(breaker, isolate);
    const failed = { version: breaker.version, id: 1, succeeded: false };
    const policy = { ...BREAKER, openMs: 1 };
    [breaker] = receiveReport(breaker, { ...REPORT, isolate: "a", sequence: 10, probe: failed }, policy, AT);
    expect(breaker).toMatchObject({ kind: "open", opens: 2 });
    const ids = ["c", "d", "e"].map((isolate) => {
      const [next, granted] = request(breaker, isolate, {}, AT + 2);
      breaker = next;
      return granted.probeId;
    });
    expect(ids).toEqual([3, 4, undefined]); // with probe 2 there are three
  });

  it("ignores the result of a probe of another version, or one that it did not grant", () => {
    const probes = { nextId: 5, notBefore: 0, expiries: new Map([[4, PROBE_MS]]) };
    const breaker: SharedBreaker = { ...CLOSED, kind: "half_open", successes: 0, opens: 1, version: 7, probes };
    const kindAfter = (probe: NonNullable<IsolateReport["probe"]>) => receiveReport(breaker, { ...REPORT, probe }, BREAKER, 1)[0].kind;
    expect(kindAfter({ version: 6, id: 4, succeeded: false })).toBe("half_open");
    expect(kindAfter({ version: 7, id: 5, succeeded: false })).toBe("half_open");
    expect(kindAfter({ version: 7, id: 4, succeeded: false })).toBe("open");
  });

  it("opens for longer when a probe fails, and starts the ramp when three have succeeded", () => {
    const probe = (breaker: SharedBreaker, isolate: string, succeeded: boolean): SharedBreaker => {
      const [next, { probeId, version }] = request(breaker, isolate, { sequence: 11 });
      const result = { version, id: probeId!, succeeded };
      return receiveReport(next, { ...REPORT, ...HEALTHY, isolate, sequence: 12, probe: result }, BREAKER, AT)[0];
    };
    const one = probe(HALF_OPEN, "a", true);
    expect(one).toMatchObject({ kind: "half_open", successes: 1, version: HALF_OPEN.version });
    expect(one.probes.expiries.size).toBe(0);
    const two = probe(one, "b", true);
    expect(two).toMatchObject({ kind: "half_open", successes: 2 });
    const three = probe(two, "c", true);
    expect(three).toMatchObject({ kind: "ramp", version: 4, since: AT, opens: 1 });
    expect(three.evidence.size).toBe(0);
    const failed = probe(two, "c", false);
    expect(failed).toMatchObject({ kind: "open", opens: 2, until: AT + 10_000 });
    expect(failed.probes.expiries.size).toBe(0);
  });
});

describe("a ramp", () => {
  const RAMP: SharedBreaker = { ...CLOSED, kind: "ramp", version: 4, since: NOW, opens: 2 };

  it("admits a tenth at first and all after ten seconds; then it is closed, without evidence", () => {
    const admitted = [0, 2_500, 5_000, 9_999].map((ms) => view(RAMP, NOW + ms).admit);
    for (const [index, want] of [0.1, 0.325, 0.55, 0.99991].entries()) expect(admitted[index]).toBeCloseTo(want, 9);
    expect(view(RAMP)).toMatchObject({ kind: "ramp", version: 4, retryAfterMs: 0, leaseMs: 8_000 });
    const [closed, its] = viewAt({ ...RAMP, evidence: OPEN.evidence }, NOW + 10_000);
    expect(closed).toStrictEqual({ ...CLOSED, version: 5 });
    expect(its).toStrictEqual({ version: 5, kind: "closed", admit: 1, retryAfterMs: 0, probeId: undefined, leaseMs: 30_000 });
  });

  it("opens again, for longer, if a quorum reports faults", () => {
    expect(receive([{}, {}, {}], RAMP)).toMatchObject({ kind: "open", opens: 3, until: NOW + 20_000 });
  });
});

describe("an override", () => {
  it("holds whatever isolates report, with a lease of 15 s, until it is removed", () => {
    const open = setOverride(OPEN, "open");
    expect(view(open)).toStrictEqual({
      version: 3,
      kind: "open",
      override: "open",
      admit: 0,
      retryAfterMs: 3_000,
      probeId: undefined,
      leaseMs: 15_000,
    });
    const closed = setOverride(CLOSED, "closed");
    expect(view(closed)).toStrictEqual({
      version: 2,
      kind: "closed",
      override: "closed",
      admit: 1,
      retryAfterMs: 0,
      probeId: undefined,
      leaseMs: 15_000,
    });
    expect(receive([{}, {}, {}, {}], closed)).toMatchObject({ kind: "overridden", to: "closed" });
    expect(open.evidence.size).toBe(0);
    expect(setOverride(open, undefined)).toStrictEqual({ ...CLOSED, version: 4, probes: OPEN.probes });
  });

  it("is left alone by trip, release and isTroubled", () => {
    const [open, closed] = [setOverride(OPEN, "open"), setOverride(CLOSED, "closed")];
    expect(trip(closed, BREAKER, NOW)).toBe(closed);
    expect(release(open, NOW)).toBe(open);
    expect(isTroubled(open)).toBe(false);
  });
});

describe("trip and release", () => {
  it("open a closed breaker, and close an open one for ten seconds at least", () => {
    expect(trip(CLOSED, BREAKER, NOW).kind).toBe("open");
    expect(trip(OPEN, BREAKER, NOW)).toBe(OPEN);
    expect(trip({ ...CLOSED, kind: "closed", notOpenedBefore: NOW + 1 }, BREAKER, NOW).kind).toBe("closed");
    expect(trip({ ...CLOSED, kind: "closed", notOpenedBefore: NOW }, BREAKER, NOW).kind).toBe("open");
    expect(release(OPEN, NOW)).toMatchObject({ kind: "closed", version: 3, notOpenedBefore: NOW + 10_000 });
    expect(release(OPEN, NOW)).not.toHaveProperty("opens");
    expect(release(CLOSED, NOW)).toStrictEqual({ ...CLOSED, notOpenedBefore: NOW + 10_000 });
    expect(receive([{}, {}, {}], release(CLOSED, NOW)).kind).toBe("closed");
    expect(receive([{}, {}, {}], release(CLOSED, NOW - 10_000)).kind).toBe("open");
  });
});

describe("isTroubled", () => {
  it("is true for a breaker that is not closed, and for a closed one that isolates see fail", () => {
    expect([isTroubled(OPEN), isTroubled(CLOSED)]).toEqual([true, false]);
    expect(isTroubled(receive([{ failures: 2 }, { failures: 2 }]))).toBe(true);
  });
});
