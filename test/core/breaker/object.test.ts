// The breaker as the object of a service keeps it, step by step: every bound of evidence, probes, the ramp and the board.
import { describe, expect, it } from "vitest";
import {
  type BreakerView,
  CLOSED,
  force,
  type IsolateReport,
  isTroubled,
  PROBE_MS,
  receiveReport,
  release,
  restore,
  type SharedBreaker,
  trip,
  viewAt,
} from "../../../core/breaker/shared-breaker.ts";
import { receiveReports } from "../../../core/breaker/shared-breakers.ts";
import { BREAKER } from "../../../core/config/breaker.ts";

const NOW = 100_000;
const REPORT: IsolateReport = { isolate: "a", location: "A", sequence: 1, calls: 10, failures: 10, isOpen: false, wantsProbe: false };
const POLICY = { ...BREAKER, quorum: 3 };

/** Reports of several isolates, `failing` of which see failures only; each of its own place unless it is given. */
function hear(reports: readonly Partial<IsolateReport>[], known: SharedBreaker = CLOSED, at = (_: number) => NOW): SharedBreaker {
  return reports.reduce<SharedBreaker>(
    (shared, report, index) =>
      receiveReport(shared, { ...REPORT, isolate: `i${index}`, location: `L${index}`, ...report }, POLICY, at(index))[0],
    known,
  );
}
const WELL: Partial<IsolateReport> = { failures: 0 };
const view = (shared: SharedBreaker, now = NOW): BreakerView => viewAt(shared, now)[1];
const OPEN = hear([{}, {}, {}]);

describe("what opens an endpoint", () => {
  it("is the word of a quorum, in two places or more, against fewer that see it well", () => {
    expect(hear([{}, {}]).kind).toBe("closed");
    expect(hear([{}, {}, {}]).kind).toBe("open");
    expect(hear([{ location: "A" }, { location: "A" }, { location: "A" }]).kind).toBe("closed");
    expect(hear([{ location: "A" }, { location: "A" }, { location: "B" }]).kind).toBe("open");
    expect(hear([WELL, WELL, {}, {}, {}]).kind).toBe("open");
    expect(hear([WELL, WELL, WELL, {}, {}, {}]).kind).toBe("closed");
    expect(hear([{ calls: 0, failures: 0 }, WELL, WELL, {}, {}, {}]).kind).toBe("open"); // without calls it says nothing
  });

  it("is a share of failures from the given percent on, or a breaker that is open there; not what is past", () => {
    expect(hear([{ failures: 5 }, { failures: 5 }, { failures: 5 }]).kind).toBe("open");
    expect(hear([{ failures: 4 }, { failures: 4 }, { failures: 4 }]).kind).toBe("closed");
    const isOpen = { calls: 0, failures: 0, isOpen: true };
    expect(hear([isOpen, isOpen, isOpen]).kind).toBe("open");
    const hasRecovered = { hasRecovered: true };
    expect(hear([hasRecovered, hasRecovered, hasRecovered, hasRecovered]).kind).toBe("closed");
    expect(hear([{ calls: 0 }, { calls: 0 }, { calls: 0 }]).kind).toBe("closed");
  });

  it("is said by the one that reports: what others said before is not enough", () => {
    const two = hear([{}, {}]);
    expect(receiveReport(two, { ...REPORT, ...WELL, isolate: "z" }, { ...POLICY, quorum: 2 }, NOW)[0].kind).toBe("closed");
    expect(receiveReport(two, { ...REPORT, isolate: "z" }, { ...POLICY, quorum: 2 }, NOW)[0].kind).toBe("open");
  });

  it("is heard for 15 s", () => {
    const two = hear([{}, {}]);
    const third = { ...REPORT, isolate: "z", location: "Z" };
    expect(receiveReport(two, third, POLICY, NOW + 14_999)[0].kind).toBe("open");
    expect(receiveReport(two, third, POLICY, NOW + 15_000)[0].kind).toBe("closed");
  });

  it("is what most say that spoke within two seconds, or since some time before", () => {
    const well = hear([WELL, WELL, WELL, WELL]);
    const late = (afterMs: number) => hear([{ isolate: "x" }, { isolate: "y" }, { isolate: "z" }], well, () => NOW + afterMs).kind;
    expect(late(2_000)).toBe("closed");
    expect(late(2_001)).toBe("open");
  });

  it("takes what an isolate says for all that it has said, and hears each report once and in order", () => {
    const twice = hear([{}, { isolate: "i0", location: "L0", sequence: 2 }, { isolate: "i0", location: "L0", sequence: 3 }]);
    expect(twice.kind).toBe("closed");
    expect(twice.evidence.size).toBe(1);
    const better = receiveReport(OPEN, { ...REPORT, ...WELL, isolate: "i0", sequence: 1 }, POLICY, NOW)[0];
    expect(better.evidence.get("i0")).toEqual(OPEN.evidence.get("i0"));
  });

  it("remembers five thousand isolates, the latest ones", () => {
    const one = [...hear([WELL]).evidence.values()][0]!;
    const full: SharedBreaker = { ...CLOSED, evidence: new Map(Array.from({ length: 5_000 }, (_, index) => [`old${index}`, one])) };
    const many = hear([WELL], full);
    expect(many.evidence.size).toBe(5_000);
    expect([many.evidence.has("old0"), many.evidence.has("old1"), many.evidence.has("i0")]).toEqual([false, true, true]);
  });
});

describe("an open endpoint", () => {
  it("is open for openMs, twice as long each time in a row, and at most a minute", () => {
    expect(OPEN).toMatchObject({ kind: "open", version: 2, opens: 1, until: NOW + 5_000 });
    expect(view(OPEN)).toEqual({ version: 2, kind: "open", admit: 0, retryAfterMs: 5_000, probeId: undefined, leaseMs: 5_000 });
    expect(view(OPEN, NOW + 4_999.5)).toMatchObject({ retryAfterMs: 1, leaseMs: 1 });
    const longer = (opens: number) => trip({ ...CLOSED, opens }, POLICY, NOW).until - NOW;
    expect([0, 1, 2, 3, 4, 9].map(longer)).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it("forgets what was counted when it opened", () => {
    for (const one of OPEN.evidence.values()) expect(one).toMatchObject({ calls: 0, failures: 0, isOpen: false });
  });

  it("is half open when its time has passed", () => {
    expect(view(OPEN, NOW + 4_999).kind).toBe("open");
    expect(view(OPEN, NOW + 5_000)).toEqual({
      version: 3,
      kind: "half",
      admit: 0,
      retryAfterMs: 1_000,
      probeId: undefined,
      leaseMs: 2_000,
    });
  });
});

describe("a half-open endpoint", () => {
  const [HALF] = viewAt(OPEN, NOW + 5_000);
  const AT = NOW + 5_000;
  const asks = (known: SharedBreaker, isolate: string, more: Partial<IsolateReport> = {}, now = AT) =>
    receiveReport(known, { ...REPORT, ...WELL, calls: 0, isolate, sequence: 9, wantsProbe: true, ...more }, POLICY, now);

  it("grants as many probes at once as the policy says, each with a number of its own, to those that want one", () => {
    let shared = HALF;
    const tokens: (number | undefined)[] = [];
    for (const isolate of ["a", "b", "c", "d"]) {
      const [next, granted] = asks(shared, isolate);
      shared = next;
      tokens.push(granted.probeId);
    }
    expect(tokens).toEqual([1, 2, 3, undefined]);
    expect(asks(HALF, "a", { wantsProbe: false })[1].probeId).toBeUndefined();
    expect(asks(HALF, "i0", { sequence: 1 })[1].probeId).toBeUndefined(); // heard before
    expect(asks(shared, "e", {}, AT + PROBE_MS - 1)[1].probeId).toBeUndefined();
    expect(asks(shared, "e", {}, AT + PROBE_MS)[1].probeId).toBe(4); // the others are void
  });

  it("grants none where it is closed, open, or held by an operator, and none for a while after a restart", () => {
    expect(asks(CLOSED, "a")[1].probeId).toBeUndefined();
    expect(asks(OPEN, "a", {}, NOW)[1].probeId).toBeUndefined();
    expect(asks({ ...HALF, forced: "open" }, "a")[1].probeId).toBeUndefined();
    const again = restore({ version: 7, kind: "half", until: 0, opens: 1, forced: undefined, nextToken: 5 }, AT);
    expect(again).toMatchObject({ version: 8, kind: "half", nextToken: 5, graceUntil: AT + PROBE_MS });
    expect(asks(again, "a", {}, AT + PROBE_MS - 1)[1].probeId).toBeUndefined();
    expect(asks(again, "a", {}, AT + PROBE_MS)[1].probeId).toBe(5);
  });

  it("opens for longer when a probe fails, and ramps up when three have gone well", () => {
    let shared = HALF;
    const probe = (isolate: string, isWell: boolean, sequence: number): void => {
      const [next, { probeId: token, version }] = asks(shared, isolate, { sequence });
      shared = receiveReport(
        next,
        { ...REPORT, ...WELL, isolate, sequence: sequence + 1, probe: { version, id: token!, succeeded: isWell } },
        POLICY,
        AT,
      )[0];
    };
    probe("a", true, 11);
    expect([shared.kind, shared.wells, shared.tokens.size]).toEqual(["half", 1, 0]);
    probe("b", true, 11);
    expect([shared.kind, shared.wells]).toEqual(["half", 2]);
    const two = shared;
    probe("c", true, 11);
    expect(shared).toMatchObject({ kind: "ramp", version: 4, until: AT, wells: 0 });
    expect(shared.evidence.size).toBe(0);
    shared = two;
    probe("c", false, 11);
    expect(shared).toMatchObject({ kind: "open", opens: 2, until: AT + 10_000, wells: 0 });
    expect(shared.tokens.size).toBe(0);
  });
});

describe("a ramp", () => {
  const RAMP: SharedBreaker = { ...CLOSED, kind: "ramp", version: 4, until: NOW, opens: 2 };

  it("admits a tenth at first and all after ten seconds; then it is closed, and its past is forgotten", () => {
    const admitted = [0, 2_500, 5_000, 9_999].map((ms) => view(RAMP, NOW + ms).admit);
    for (const [index, want] of [0.1, 0.325, 0.55, 0.99991].entries()) expect(admitted[index]).toBeCloseTo(want, 9);
    expect(view(RAMP)).toMatchObject({ kind: "ramp", version: 4, retryAfterMs: 0, leaseMs: 2_000 });
    const [closed, its] = viewAt({ ...RAMP, evidence: OPEN.evidence }, NOW + 10_000);
    expect(closed).toMatchObject({ kind: "closed", version: 5, opens: 0, until: 0 });
    expect(closed.evidence.size).toBe(0);
    expect(its).toEqual({ version: 5, kind: "closed", admit: 1, retryAfterMs: 0, probeId: undefined, leaseMs: 30_000 });
  });

  it("opens again, for longer, on the word of a quorum", () => {
    expect(hear([{}, {}, {}], RAMP)).toMatchObject({ kind: "open", opens: 3, until: NOW + 20_000 });
  });
});

describe("an operator's word", () => {
  it("holds whatever isolates say, with a short lease", () => {
    const shut = force(OPEN, "open");
    expect(view(shut)).toEqual({ version: 3, kind: "open", admit: 0, retryAfterMs: 3_000, probeId: undefined, leaseMs: 3_000 });
    const kept = force(CLOSED, "closed");
    expect(view(kept)).toEqual({ version: 2, kind: "closed", admit: 1, retryAfterMs: 0, probeId: undefined, leaseMs: 3_000 });
    expect(hear([{}, {}, {}, {}], kept)).toMatchObject({ kind: "closed", forced: "closed" });
    expect(force(OPEN, "open")).toMatchObject({ until: 0, opens: 0, wells: 0 });
    expect(force(OPEN, "open").evidence.size).toBe(0);
    expect(trip(kept, POLICY, NOW)).toBe(kept);
    expect(release(shut, NOW)).toBe(shut);
    expect(isTroubled(shut)).toBe(false);
  });
});

describe("trip and release", () => {
  it("open what is closed and not left to isolates, and leave what is open to them for ten seconds", () => {
    expect(trip(CLOSED, POLICY, NOW).kind).toBe("open");
    expect(trip(OPEN, POLICY, NOW)).toBe(OPEN);
    expect(trip({ ...CLOSED, until: NOW + 1 }, POLICY, NOW).kind).toBe("closed");
    expect(trip({ ...CLOSED, until: NOW }, POLICY, NOW).kind).toBe("open");
    expect(release(OPEN, NOW)).toMatchObject({ kind: "closed", version: 3, until: NOW + 10_000, opens: 0, wells: 0 });
    expect(release(CLOSED, NOW)).toEqual({ ...CLOSED, until: NOW + 10_000 });
    expect(hear([{}, {}, {}], release(CLOSED, NOW)).kind).toBe("closed");
    expect(hear([{}, {}, {}], release(CLOSED, NOW - 10_000)).kind).toBe("open");
  });
});

describe("isTroubled", () => {
  const hurt: Partial<IsolateReport> = { failures: 2 };
  it("is true where two isolates, and a fifth of those that spoke, see a fifth of their calls fail now", () => {
    expect(isTroubled(OPEN)).toBe(true);
    expect(isTroubled(hear([hurt]))).toBe(false);
    expect(isTroubled(hear([hurt, hurt]))).toBe(true);
    expect(isTroubled(hear([{ failures: 1 }, hurt]))).toBe(false);
    expect(isTroubled(hear([hurt, hurt, ...Array(8).fill(WELL)]))).toBe(true);
    expect(isTroubled(hear([hurt, hurt, ...Array(9).fill(WELL)]))).toBe(false);
    expect(isTroubled(hear([hurt, hurt, ...Array(9).fill({ calls: 0, failures: 0 })]))).toBe(true);
    expect(isTroubled(hear([{ ...hurt, hasRecovered: true }, hurt]))).toBe(false);
    expect(
      isTroubled(
        hear([
          { calls: 0, failures: 0, isOpen: true },
          { calls: 0, failures: 0, isOpen: true },
        ]),
      ),
    ).toBe(true);
    expect(
      isTroubled(
        hear([
          { calls: 0, failures: 0 },
          { calls: 0, failures: 0 },
        ]),
      ),
    ).toBe(false);
  });
});

describe("the board of all endpoints", () => {
  const by = { isolate: "i", location: "L" };
  const seen = (failures: number, calls = 100) => ({ sequence: 1, calls, failures, isOpen: false, wantsProbe: false });

  it("tells of what the report names, and of what is not closed", () => {
    const known = new Map([
      ["shut", OPEN],
      ["well", CLOSED],
      ["forced", force(CLOSED, "closed")],
    ]);
    const [board, views] = receiveReports(known, by, { new: seen(0) }, POLICY, NOW);
    expect(Object.keys(views).sort()).toEqual(["forced", "new", "shut"]);
    expect([...board.keys()].sort()).toEqual(["forced", "new", "shut", "well"]);
    expect(known.size).toBe(3); // the board before is left as it was
  });

  it("opens the one that fails far more often than its peers, on the word of one isolate that sees it fail now", () => {
    const peers = Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, seen(0)]));
    const kindOf = (bad: object, policy = POLICY) =>
      receiveReports(new Map(), by, { ...peers, bad: { ...seen(40), ...bad } }, policy, NOW)[0].get("bad")!.kind;
    expect(kindOf({})).toBe("open");
    expect(kindOf({ hasRecovered: true })).toBe("closed");
    expect(kindOf({ failures: 0 })).toBe("closed");
    expect(kindOf({}, { ...POLICY, outlierFactor: 0 })).toBe("closed");
    expect(kindOf({}, { ...POLICY, minCalls: 101 })).toBe("closed");
    expect(receiveReports(new Map(), by, { ...peers, bad: seen(40) }, POLICY, NOW)[1]["bad"]).toMatchObject({ kind: "open", admit: 0 });
  });

  it("adds up what all isolates saw of an endpoint", () => {
    const half = (isolate: string) => ({ isolate, location: isolate });
    const peers = Object.fromEntries(["a", "b", "c", "d", "bad"].map((name) => [name, seen(name === "bad" ? 4 : 0, 10)]));
    const [once] = receiveReports(new Map(), half("x"), peers, POLICY, NOW);
    expect(once.get("bad")!.kind).toBe("closed"); // 10 calls are too few
    expect(receiveReports(once, half("y"), peers, POLICY, NOW)[0].get("bad")!.kind).toBe("open");
  });

  it("releases all where more than the given share is in trouble, of two endpoints or more", () => {
    const shut = (count: number, of: number) =>
      new Map(Array.from({ length: of }, (_, index) => [`e${index}`, index < count ? OPEN : CLOSED] as const));
    const kinds = (board: ReadonlyMap<string, SharedBreaker>) => [...board.values()].filter(({ kind }) => kind === "open").length;
    const report = (board: ReadonlyMap<string, SharedBreaker>) => receiveReports(board, by, {}, POLICY, NOW);
    expect(kinds(report(shut(7, 10))[0])).toBe(7);
    expect(kinds(report(shut(8, 10))[0])).toBe(0);
    expect(report(shut(8, 10))[1]["e0"]).toMatchObject({ kind: "closed", admit: 1, version: 3 });
    expect(Object.keys(report(shut(8, 10))[1])).toHaveLength(8);
    expect(kinds(report(shut(1, 1))[0])).toBe(1);
    expect(kinds(report(shut(2, 2))[0])).toBe(0);
    const [board] = report(shut(8, 10));
    expect(board.get("e9")!.until).toBe(NOW + 10_000);
  });

  it("remembers two thousand endpoints; those that are well go first", () => {
    const many = new Map(Array.from({ length: 2_005 }, (_, index) => [`e${index}`, index === 1 ? OPEN : CLOSED] as const));
    const [board] = receiveReports(many, by, {}, POLICY, NOW);
    expect(board.size).toBe(2_000);
    expect([board.has("e0"), board.has("e1"), board.has("e5"), board.has("e6")]).toEqual([false, true, false, true]);
  });
});
