// Changes of the history of versions, one by one: what each makes of a history, and what is refused.
import { describe, expect, it } from "vitest";
import { changed, type HistoryOutcome, liveVersion, type Operation } from "../../../core/control/history.ts";
import { EMPTY_HISTORY, type VersionHistory } from "../../../core/control/version.ts";

const BASE = { author: "ann", reason: "because" };
type Step = Partial<Operation> & { readonly kind: Operation["kind"] };

function tried(history: VersionHistory, step: Step, now = 1_000): HistoryOutcome {
  const fields = step.kind === "publish" ? { digest: "d", bytes: 10 } : {};
  return changed(history, { expected: history.sequence, ...BASE, ...fields, ...step } as Operation, now);
}

function historyAfter(...steps: readonly Step[]): VersionHistory {
  return steps.reduce((history, step) => {
    const outcome = tried(history, step);
    if (outcome.kind !== "changed") throw new Error(JSON.stringify(outcome));
    return outcome.history;
  }, EMPTY_HISTORY);
}

const publish = (digest: string, percent?: number): Step => ({
  kind: "publish",
  digest,
  ...(percent === undefined ? {} : { share: { percent } }),
});

describe("publish", () => {
  it("makes a version live, with author, time and reason", () => {
    const history = historyAfter(publish("a"), publish("b"));
    expect(liveVersion(history)).toBe(2);
    expect(history.versions[1]).toEqual({ version: 2, digest: "b", bytes: 10, ...BASE, at: 1_000 });
    expect(history.changes.at(-1)).toMatchObject({ kind: "publish", version: 2, sequence: history.sequence });
  });

  it("tells the loser of two concurrent ones which change won", () => {
    const history = historyAfter(publish("a"));
    const won = tried(history, { ...publish("b"), author: "ben" });
    if (won.kind !== "changed") throw new Error("refused");
    const lost = tried(won.history, { ...publish("c"), expected: history.sequence });
    expect(lost).toMatchObject({ kind: "conflict", sequence: won.history.sequence, winner: { author: "ben", version: 2 } });
  });

  it("changes nothing where the same digest is live, even when it is repeated against an old state", () => {
    const history = historyAfter(publish("a"));
    expect(tried(history, { ...publish("a"), expected: 0 })).toEqual({ kind: "unchanged", version: 1 });
    const canary = historyAfter(publish("a"), publish("b", 5));
    expect(tried(canary, { ...publish("b", 5), expected: 0 })).toEqual({ kind: "unchanged", version: 2 });
    expect(tried(canary, publish("b", 6)).kind).toBe("refused");
  });

  it.each([
    { share: { percent: 101 }, problem: "101 %" },
    { share: { percent: -1 }, problem: "-1 %" },
    { share: { percent: 0.001 }, problem: "0.001 %" },
    { share: { percent: Number.NaN }, problem: "NaN %" },
    { share: { percent: 0 }, problem: "canary of nobody" },
  ])("refuses a canary of $share", ({ share, problem }) => {
    expect(tried(EMPTY_HISTORY, { kind: "publish", share })).toEqual({ kind: "refused", problem: expect.stringContaining(problem) });
  });

  it("refuses while a canary runs: it would be forgotten", () => {
    expect(tried(historyAfter(publish("a", 5)), publish("b"))).toEqual({
      kind: "refused",
      problem: expect.stringContaining("version 1 is a canary"),
    });
  });
});

describe("a canary", () => {
  it("leaves the live version as it is, gets more callers, and is promoted", () => {
    const canary = historyAfter(publish("a"), publish("b", 5));
    expect([liveVersion(canary), canary.canary]).toEqual([1, { version: 2, percent: 5 }]);
    const more = historyAfter(publish("a"), publish("b", 5), { kind: "promote", share: { percent: 0, region: "weur" } });
    expect(more.canary).toEqual({ version: 2, percent: 0, region: "weur" });
    const live = historyAfter(publish("a"), publish("b", 5), { kind: "promote" });
    expect([liveVersion(live), live.canary]).toEqual([2, undefined]);
  });

  it.each(["abort", "rollback"] as const)("is taken back by %s, and the live version stays", (kind) => {
    const history = historyAfter(publish("a"), publish("b", 5), { kind });
    expect([liveVersion(history), history.canary]).toEqual([1, undefined]);
  });

  it.each(["abort", "promote"] as const)("has to run for %s", (kind) => {
    expect(tried(historyAfter(publish("a")), { kind })).toEqual({
      kind: "refused",
      problem: expect.stringContaining("no canary is running"),
    });
  });
});

describe("rollback", () => {
  const three = [publish("a"), publish("b"), publish("c")];

  it.each([
    { name: "to the version before", steps: [{ kind: "rollback" }], live: 2 },
    { name: "twice: to the one before that, not forward again", steps: [{ kind: "rollback" }, { kind: "rollback" }], live: 1 },
    { name: "to a number", steps: [{ kind: "rollback", to: 1 }], live: 1 },
    { name: "to the bundled configuration, before the first version", steps: [1, 2, 3].map(() => ({ kind: "rollback" })), live: 0 },
    { name: "to the bundled configuration at once", steps: [{ kind: "rollback", to: 0 }], live: 0 },
  ] as const)("goes $name", ({ steps, live }) => {
    expect(liveVersion(historyAfter(...three, ...(steps as readonly Step[])))).toBe(live);
  });

  it("is a new change, with a sequence of its own", () => {
    const before = historyAfter(...three);
    const history = historyAfter(...three, { kind: "rollback" });
    expect(history.sequence).toBeGreaterThan(before.sequence);
    expect(history.changes.at(-1)).toMatchObject({ kind: "rollback", version: 2 });
  });

  it.each([
    { name: "from nothing", history: EMPTY_HISTORY, step: { kind: "rollback" }, problem: "nothing has been published" },
    {
      name: "to a version that is not stored",
      history: historyAfter(...three),
      step: { kind: "rollback", to: 7 },
      problem: "version 7 is not stored",
    },
  ] as const)("is refused $name", ({ history, step, problem }) => {
    expect(tried(history, step)).toEqual({ kind: "refused", problem: expect.stringContaining(problem) });
  });
});

it("sequences grow when the clock is set back, and are above those of a history that was lost", () => {
  const history = historyAfter(publish("a"));
  const outcome = tried(history, publish("b"), 5);
  expect(outcome).toMatchObject({ kind: "changed", history: { sequence: history.sequence + 1 } });
  expect(tried(EMPTY_HISTORY, publish("c"), 2_000)).toMatchObject({ history: { sequence: 2_000 } });
});
