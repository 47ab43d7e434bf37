// The shared breakers of an upstream: an endpoint that is worse than its peers opens, and a fault of all of them opens none.
import { describe, expect, it } from "vitest";
import type { BreakerReport, BreakerView } from "../../../core/breaker/report.ts";
import { CLOSED, type SharedBreaker, setOverride, trip } from "../../../core/breaker/shared-breaker.ts";
import type { SharedBreakers } from "../../../core/breaker/shared-breakers.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import { receiveReports } from "../../support/receive-report.ts";

const NOW = 100_000;
const OPEN = trip(CLOSED, BREAKER, NOW);
const NINE = Array.from({ length: 9 }, (_, index) => `e${index}`);
let sequence = 0;
const reportOf = (more: Partial<BreakerReport> = {}): BreakerReport => {
  sequence += 1;
  return { sequence, calls: 10, failures: 0, isOpen: false, wantsProbe: false, ...more };
};
const FAILS = { failures: 8 };

/** Six isolates in three locations report the same of each endpoint. */
function afterReports(
  known: SharedBreakers,
  now: number,
  of: (endpoint: string) => Partial<BreakerReport>,
): [SharedBreakers, Readonly<Record<string, BreakerView>>] {
  let [breakers, views]: [SharedBreakers, Readonly<Record<string, BreakerView>>] = [known, {}];
  for (let index = 0; index < 6; index++) {
    const reporter = { isolate: `i${index}`, location: `L${index % 3}` };
    const report = Object.fromEntries(NINE.map((endpoint) => [endpoint, reportOf(of(endpoint))]));
    [breakers, views] = receiveReports(breakers, reporter, report, BREAKER, now);
  }
  return [breakers, views];
}
const open = (breakers: SharedBreakers): string[] => NINE.filter((endpoint) => breakers.get(endpoint)!.kind === "open");

describe("the shared breakers of nine endpoints", () => {
  it("open for endpoints that fail while the others are healthy, up to maxOpenPercent", () => {
    const [breakers] = afterReports(new Map(), 0, (endpoint) => (endpoint < "e6" ? FAILS : {}));
    expect(open(breakers)).toEqual(["e0", "e1", "e2", "e3", "e4", "e5"]);
  });

  it("open for none if more endpoints are in trouble than may be left out, and close again", () => {
    const [some] = afterReports(new Map(), 0, (endpoint) => (endpoint < "e3" ? FAILS : {}));
    expect(open(some)).toHaveLength(3);
    const [breakers, views] = afterReports(some, 1_000, (endpoint) => (endpoint < "e3" ? {} : { failures: 3 }));
    expect(open(breakers)).toEqual([]);
    expect(views["e0"]).toMatchObject({ kind: "closed", admit: 1 });
    expect(views["e0"]!.version).toBeGreaterThan(some.get("e0")!.version);
  });

  it("stay closed for ten seconds after that: evidence of the past opens nothing", () => {
    const [all] = afterReports(afterReports(new Map(), 0, () => FAILS)[0], 500, () => ({}));
    const one = (endpoint: string): Partial<BreakerReport> => (endpoint === "e0" ? FAILS : {});
    expect(open(afterReports(all, 9_000, one)[0])).toEqual([]);
    expect(open(afterReports(all, 11_000, one)[0])).toEqual(["e0"]);
  });

  it("do not open for failures from before a recovery", () => {
    expect(open(afterReports(new Map(), 0, (endpoint) => (endpoint === "e0" ? { ...FAILS, hasRecovered: true } : {}))[0])).toEqual([]);
  });

  it("keep an override", () => {
    const [breakers] = afterReports(
      new Map([["e0", setOverride(afterReports(new Map(), 0, () => ({}))[0].get("e0")!, "open")]]),
      0,
      () => FAILS,
    );
    expect(breakers.get("e0")).toMatchObject({ kind: "overridden", to: "open" });
    expect(afterReports(breakers, 1_000, () => FAILS)[1]["e0"]).toMatchObject({ kind: "open", admit: 0 });
  });

  it("open for an endpoint that is gone, and not for a few failures in a hundred calls of many isolates", () => {
    let breakers: SharedBreakers = new Map();
    for (let isolate = 0; isolate < 200; isolate++) {
      const reporter = { isolate: `i${isolate}`, location: `L${isolate % 5}` };
      const report = Object.fromEntries(
        NINE.map((endpoint, at) => [endpoint, reportOf({ calls: 1, failures: isolate % 40 === at ? 1 : 0 })]),
      );
      [breakers] = receiveReports(breakers, reporter, report, BREAKER, isolate * 50);
    }
    expect(open(breakers)).toEqual([]);
    for (let isolate = 0; isolate < 4; isolate++) {
      const reporter = { isolate: `i${isolate}`, location: `L${isolate % 5}` };
      [breakers] = receiveReports(breakers, reporter, { e8: reportOf({ calls: 1, failures: 1 }) }, BREAKER, 13_000 + isolate);
    }
    expect(open(breakers)).toEqual(["e8"]);
  });
});

describe("receiveReports", () => {
  const reporter = { isolate: "i", location: "L" };
  const counts = (failures: number, calls = 100) => ({ sequence: 1, calls, failures, isOpen: false, wantsProbe: false });

  it("knows of each isolate once what it has reported of an endpoint", () => {
    const [first] = receiveReports(new Map(), reporter, { new: counts(1) }, BREAKER, NOW);
    const [second] = receiveReports(first, reporter, { new: { ...counts(2), sequence: 2 } }, BREAKER, NOW);
    const [third] = receiveReports(second, { isolate: "j", location: "L" }, { new: counts(3) }, BREAKER, NOW);
    const isolatesOf = (breakers: SharedBreakers) => [...breakers.get("new")!.evidence.keys()];
    expect([first, second, third].map(isolatesOf)).toEqual([["i"], ["i"], ["i", "j"]]);
  });

  it("returns views of the reported endpoints, and of all that are not closed", () => {
    const known = new Map([
      ["open", OPEN],
      ["healthy", CLOSED],
      ["overridden", setOverride(CLOSED, "closed")],
    ]);
    const [breakers, views] = receiveReports(known, reporter, { new: counts(0) }, BREAKER, NOW);
    expect(Object.keys(views).sort()).toEqual(["new", "open", "overridden"]);
    expect([...breakers.keys()].sort()).toEqual(["healthy", "new", "open", "overridden"]);
    expect(known.size).toBe(3); // the breakers before are unchanged
  });

  it("opens the endpoint that fails far more often than its peers, with the report of one isolate that sees it fail now", () => {
    const peers = Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, counts(0)]));
    const kindOf = (bad: object, policy = BREAKER) =>
      receiveReports(new Map(), reporter, { ...peers, bad: { ...counts(40), ...bad } }, policy, NOW)[0].get("bad")!.kind;
    expect(kindOf({})).toBe("open");
    expect(kindOf({ hasRecovered: true })).toBe("closed");
    expect(kindOf({ failures: 0 })).toBe("closed");
    expect(kindOf({}, { ...BREAKER, outlierFactor: 0 })).toBe("closed");
    expect(kindOf({}, { ...BREAKER, minCalls: 101 })).toBe("closed");
    expect(receiveReports(new Map(), reporter, { ...peers, bad: counts(40) }, BREAKER, NOW)[1]["bad"]).toMatchObject({
      kind: "open",
      admit: 0,
    });
  });

  it("adds up the calls of all isolates to an endpoint", () => {
    const reporterOf = (isolate: string) => ({ isolate, location: isolate });
    const peers = Object.fromEntries(["a", "b", "c", "d", "bad"].map((name) => [name, counts(name === "bad" ? 4 : 0, 10)]));
    const [once] = receiveReports(new Map(), reporterOf("x"), peers, BREAKER, NOW);
    expect(once.get("bad")!.kind).toBe("closed"); // 10 calls are too few
    expect(receiveReports(once, reporterOf("y"), peers, BREAKER, NOW)[0].get("bad")!.kind).toBe("open");
  });

  it("releases all endpoints if more than maxOpenPercent of two or more are in trouble", () => {
    const withOpen = (count: number, of: number) =>
      new Map(Array.from({ length: of }, (_, index) => [`e${index}`, index < count ? OPEN : CLOSED] as const));
    const kinds = (breakers: ReadonlyMap<string, SharedBreaker>) => [...breakers.values()].filter(({ kind }) => kind === "open").length;
    const report = (breakers: ReadonlyMap<string, SharedBreaker>) => receiveReports(breakers, reporter, {}, BREAKER, NOW);
    expect(kinds(report(withOpen(7, 10))[0])).toBe(7);
    expect(kinds(report(withOpen(8, 10))[0])).toBe(0);
    expect(report(withOpen(8, 10))[1]["e0"]).toMatchObject({ kind: "closed", admit: 1, version: 3 });
    expect(Object.keys(report(withOpen(8, 10))[1])).toHaveLength(8);
    expect(kinds(report(withOpen(1, 1))[0])).toBe(1);
    expect(kinds(report(withOpen(2, 2))[0])).toBe(0);
    const [breakers] = report(withOpen(8, 10));
    expect(breakers.get("e9")).toMatchObject({ kind: "closed", notOpenedBefore: NOW + 10_000 });
  });

  it("remembers two thousand endpoints; those that are well go first", () => {
    const many = new Map(Array.from({ length: 2_005 }, (_, index) => [`e${index}`, index === 1 ? OPEN : CLOSED] as const));
    const [breakers] = receiveReports(many, reporter, {}, BREAKER, NOW);
    expect(breakers.size).toBe(2_000);
    expect([breakers.has("e0"), breakers.has("e1"), breakers.has("e5"), breakers.has("e6")]).toEqual([false, true, false, true]);
  });
});
