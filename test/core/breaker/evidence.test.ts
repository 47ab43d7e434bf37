// The reports of isolates about one endpoint: whose count, for how long, and what they prove together.
import { describe, expect, it } from "vitest";
import {
  callRate,
  type Evidence,
  hasQuorum,
  isFaulty,
  isImpaired,
  NO_EVIDENCE,
  withoutCounts,
  withoutStale,
  withReports,
} from "../../../core/breaker/evidence.ts";
import type { IsolateReport } from "../../../core/breaker/report.ts";
import { BREAKER } from "../../../core/config/breaker.ts";

const NOW = 100_000;
const REPORT: IsolateReport = { isolate: "a", location: "A", sequence: 1, calls: 10, failures: 10, isOpen: false, wantsProbe: false };
const HEALTHY: Partial<IsolateReport> = { failures: 0 };
const SILENT: Partial<IsolateReport> = { calls: 0, failures: 0 };

/** One report of each of several isolates, each in its own location unless it is given. */
const evidenceOf = (reports: readonly Partial<IsolateReport>[], before: Evidence = NO_EVIDENCE, now = NOW): Evidence =>
  reports.reduce<Evidence>(
    (evidence, report, index) => withReports(evidence, [{ ...REPORT, isolate: `i${index}`, location: `L${index}`, ...report }], now),
    before,
  );
const proves = (reports: readonly Partial<IsolateReport>[]): boolean => hasQuorum(evidenceOf(reports), BREAKER, NOW);

describe("evidence", () => {
  it("has the latest report of each isolate", () => {
    const evidence = evidenceOf([{}, { isolate: "i0", failures: 3, sequence: 2 }]);
    expect(evidence.size).toBe(1);
    expect(evidence.get("i0")).toMatchObject({ sequence: 2, failures: 3, hasRecovered: false, at: NOW });
  });

  it("drops a report that is 15 s old", () => {
    const evidence = evidenceOf([{ isolate: "late" }], evidenceOf([{ isolate: "early" }]), NOW + 1);
    expect(withoutStale(evidence, NOW + 14_999)).toBe(evidence);
    expect([...withoutStale(evidence, NOW + 15_000).keys()]).toEqual(["late"]);
    expect(withoutStale(NO_EVIDENCE, NOW)).toBe(NO_EVIDENCE);
  });

  it("has 5,000 isolates at most, the latest ones", () => {
    const [observation] = evidenceOf([HEALTHY]).values();
    const full: Evidence = new Map(Array.from({ length: 5_000 }, (_, index) => [`old${index}`, observation!]));
    const evidence = evidenceOf([HEALTHY], full);
    expect(evidence.size).toBe(5_000);
    expect([evidence.has("old0"), evidence.has("old1"), evidence.has("i0")]).toEqual([false, true, true]);
    expect(full.size).toBe(5_000);
  });

  it("loses its counts, and not its isolates, when a breaker opens", () => {
    const evidence = withoutCounts(evidenceOf([{ isOpen: true }, {}]));
    for (const observation of evidence.values()) expect(observation).toMatchObject({ calls: 0, failures: 0, isOpen: false, sequence: 1 });
    expect([...evidence.keys()]).toEqual(["i0", "i1"]);
  });

  it("adds up the calls of all isolates", () => {
    expect(callRate(evidenceOf([{ calls: 3, failures: 1 }, { calls: 4, failures: 2 }, SILENT]))).toEqual({ calls: 7, failures: 3 });
  });
});

describe("isFaulty", () => {
  it.each([
    ["the failure percentage", { calls: 10, failures: 5 }, true],
    ["fewer failures", { calls: 10, failures: 4 }, false],
    ["no calls", { calls: 0, failures: 0 }, false],
    ["an open breaker without calls", { calls: 0, failures: 0, isOpen: true }, true],
    ["failures from before a recovery", { calls: 10, failures: 10, hasRecovered: true }, false],
  ])("judges %s", (_, report, want) => expect(isFaulty({ isOpen: false, ...report }, BREAKER)).toBe(want));
});

describe("hasQuorum", () => {
  it("needs three isolates in two locations", () => {
    expect([proves([{}, {}]), proves([{}, {}, {}])]).toEqual([false, true]);
    expect(proves([{ location: "A" }, { location: "A" }, { location: "A" }])).toBe(false);
    expect(proves([{ location: "A" }, { location: "A" }, { location: "B" }])).toBe(true);
  });

  it("needs more isolates with a fault than healthy ones; isolates without calls do not count", () => {
    expect(proves([HEALTHY, HEALTHY, {}, {}, {}])).toBe(true);
    expect(proves([HEALTHY, HEALTHY, HEALTHY, {}, {}, {}])).toBe(false);
    expect(proves([SILENT, HEALTHY, HEALTHY, {}, {}, {}])).toBe(true);
  });

  it("is not outvoted by reports that are older than two seconds", () => {
    const healthy = evidenceOf([HEALTHY, HEALTHY, HEALTHY, HEALTHY]);
    const hasQuorumAfter = (ms: number) =>
      hasQuorum(evidenceOf([{ isolate: "x" }, { isolate: "y" }, { isolate: "z" }], healthy, NOW + ms), BREAKER, NOW + ms);
    expect([hasQuorumAfter(2_000), hasQuorumAfter(2_001)]).toEqual([false, true]);
  });
});

describe("isImpaired", () => {
  const failing: Partial<IsolateReport> = { failures: 2 };
  it.each([
    ["one isolate", [failing], false],
    ["two isolates", [failing, failing], true],
    ["two isolates, one of them with less than a fifth of failures", [{ failures: 1 }, failing], false],
    ["two of ten isolates", [failing, failing, ...Array(8).fill(HEALTHY)], true],
    ["two of eleven isolates", [failing, failing, ...Array(9).fill(HEALTHY)], false],
    ["two isolates, and nine without calls", [failing, failing, ...Array(9).fill(SILENT)], true],
    ["two isolates, one of which has recovered", [{ ...failing, hasRecovered: true }, failing], false],
    ["two open breakers without calls", Array(2).fill({ ...SILENT, isOpen: true }), true],
    ["two isolates without calls", [SILENT, SILENT], false],
  ])("judges %s", (_, reports: readonly Partial<IsolateReport>[], want) => expect(isImpaired(evidenceOf(reports))).toBe(want));
});
