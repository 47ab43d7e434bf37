// Purges: what they hit, and that neither a bounded log nor an isolate that lags serves what was purged.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  appendPurges,
  EMPTY_PURGE_LOG,
  PURGE_LOG_BOUNDS,
  type PurgeLogState,
  purgesSince,
  purgeTargetProblem,
} from "../../../../core/cache/purge/purge-log.ts";
import { PURGE_KINDS, type PurgeMode, Purges, type PurgeTarget } from "../../../../core/cache/purge/purges.ts";

const T = 1_000_000; // epoch ms
const tag = (value: string): PurgeTarget => ({ kind: "tag", value });
const entry = { key: "k", route: "users.v1.UserService/GetUser", tags: ["users", "user:42"], purgeSeq: 0 };

/** An isolate that knows all of a log. */
function knowing(log: PurgeLogState): Purges {
  const purges = new Purges();
  purges.apply(purgesSince(log, 0));
  return purges;
}

describe("an entry", () => {
  it.each([
    { target: tag("user:42"), hits: true },
    { target: tag("users"), hits: true },
    { target: tag("user:4"), hits: false },
    { target: tag("k"), hits: false },
    { target: { kind: "key", value: "k" } as const, hits: true },
    { target: { kind: "key", value: "users" } as const, hits: false },
    { target: { kind: "route", value: "users.v1.UserService/GetUser" } as const, hits: true },
    { target: { kind: "route", value: "users.v1.UserService/ListUsers" } as const, hits: false },
    { target: { kind: "all", value: "" } as const, hits: true },
  ])("is hit by what bears its name, and by nothing else: $target.kind $target.value", ({ target, hits }) => {
    for (const mode of ["soft", "hard"] as const) {
      const purges = knowing(appendPurges(EMPTY_PURGE_LOG, [target], mode, 0, T));
      expect(purges.check(entry)).toBe(hits ? mode : "valid");
      expect(purges.check({ ...entry, purgeSeq: purges.seq })).toBe("valid"); // fetched after it
    }
  });

  it("is hit by a purge that comes while it is fetched", () => {
    const purges = new Purges();
    const seq = purges.seq; // when the fetch starts
    purges.apply(purgesSince(appendPurges(EMPTY_PURGE_LOG, [tag("users")], "soft", 0, T), seq));
    expect(purges.check({ ...entry, purgeSeq: seq })).toBe("soft");
  });

  it("is gone where a hard purge hits it beside a soft one, whichever came first", () => {
    const hardFirst = appendPurges(appendPurges(EMPTY_PURGE_LOG, [tag("users")], "hard", 0, T), [tag("users")], "soft", 0, T + 1);
    const softFirst = appendPurges(appendPurges(EMPTY_PURGE_LOG, [tag("users")], "soft", 0, T), [tag("user:42")], "hard", 0, T + 1);
    expect([knowing(hardFirst).check(entry), knowing(softFirst).check(entry)]).toEqual(["hard", "hard"]);
    expect(knowing(hardFirst).check({ ...entry, purgeSeq: T })).toBe("soft"); // between the two
  });
});

describe("a log", () => {
  it("tells what is new, and nothing where nothing is", () => {
    let log = appendPurges(EMPTY_PURGE_LOG, [tag("a"), tag("b")], "soft", 0, T);
    expect(log.seq).toBe(T + 1);
    log = appendPurges(log, [tag("c")], "hard", 0, T + 1); // the clock stands still
    expect(purgesSince(log, T)).toMatchObject({ seq: T + 2, purges: [{ value: "b" }, { value: "c", mode: "hard", seq: T + 2 }] });
    expect(purgesSince(log, T + 2)).toEqual({ kind: "same", seq: T + 2 });
  });

  it("goes on above what isolates know where it was lost, and where the clock steps back", () => {
    const known = appendPurges(EMPTY_PURGE_LOG, [tag("a")], "soft", 0, T).seq;
    const again = appendPurges(EMPTY_PURGE_LOG, [tag("a")], "soft", known, T - 5_000);
    expect(again.seq).toBe(known + 1);
    expect(appendPurges(again, [tag("a")], "soft", 0, T - 5_000).seq).toBe(known + 2);
  });

  it("lists a name once, however often it is purged", () => {
    let log = EMPTY_PURGE_LOG;
    for (let n = 0; n < 100; n++) log = appendPurges(log, [tag("a"), tag("b")], "soft", 0, T + n);
    expect(log.purges.map(({ value }) => value)).toEqual(["a", "b"]);
  });

  it("counts what was fetched before a forgotten purge as hit, and what was fetched after it not", () => {
    let log = appendPurges(EMPTY_PURGE_LOG, [tag("old")], "hard", 0, T);
    log = appendPurges(log, [tag("new")], "soft", 0, T + PURGE_LOG_BOUNDS.keepMs);
    expect(log.purges.map(({ value }) => value)).toEqual(["new"]);
    expect([knowing(log).check({ ...entry, purgeSeq: T - 1 }), knowing(log).check({ ...entry, purgeSeq: T })]).toEqual(["hard", "valid"]);
  });

  it("changes the epoch with a hard purge of all, and with nothing else", () => {
    const all = { kind: "all", value: "" } as const;
    let log = appendPurges(EMPTY_PURGE_LOG, [all], "soft", 0, T);
    log = appendPurges(log, [tag("a")], "hard", 0, T + 1);
    expect([log.epoch, log.softFloor]).toEqual([0, T]);
    log = appendPurges(log, [all], "hard", 0, T + 2);
    expect(log).toMatchObject({ epoch: T + 2, hardFloor: T + 2, purges: [] }); // nothing listed that the floor covers
    log = appendPurges(log, [tag("b")], "soft", 0, T + 2 + PURGE_LOG_BOUNDS.keepMs);
    expect(log.epoch).toBe(T + 2);
  });

  it("refuses names that are empty or too long", () => {
    expect(purgeTargetProblem(tag("a".repeat(256)))).toBeUndefined();
    expect(purgeTargetProblem(tag("a".repeat(257)))).toContain("1 to 256 characters");
    expect(purgeTargetProblem({ kind: "key", value: "a".repeat(1_024) })).toBeUndefined();
    expect(purgeTargetProblem({ kind: "route", value: "" })).toContain("route");
    expect(purgeTargetProblem({ kind: "all", value: "" })).toBeUndefined();
  });
});

/** What a log that keeps everything says. */
function truth(history: readonly (PurgeTarget & { mode: PurgeMode; seq: number })[], at: typeof entry): string {
  const hits = history.filter(({ kind, value, seq }) => {
    const isNamed = kind === "all" || (kind === "tag" ? at.tags.includes(value) : value === at[kind]);
    return isNamed && at.purgeSeq < seq;
  });
  return hits.some(({ mode }) => mode === "hard") ? "hard" : hits.length > 0 ? "soft" : "valid";
}

const wanted = fc.record({
  kind: fc.constantFrom(...PURGE_KINDS.filter((kind) => kind !== "all"), "tag", "tag", "tag", "all"),
  value: fc.constantFrom("a", "b", "c", "d", "e"),
  mode: fc.constantFrom<PurgeMode>("soft", "hard"),
  passMs: fc.integer({ min: 0, max: 20 }),
  isHeard: fc.boolean(), // whether the isolate polls after it
  isOwn: fc.boolean(), // whether the isolate made it
});
const looked = fc.array(
  fc.record({
    key: fc.constantFrom("a", "b", "z"),
    route: fc.constantFrom("a", "c", "z"),
    tags: fc.subarray(["a", "d", "e", "z"]),
    back: fc.nat(60),
  }),
  { minLength: 5, maxLength: 20 },
);
const RANK = ["valid", "soft", "hard"];

it("an isolate that polls judges as one that knows all, where the log has room; where it has none, it serves less and never more", () => {
  fc.assert(
    fc.property(
      fc.array(wanted, { minLength: 1, maxLength: 40 }),
      looked,
      fc.integer({ min: 1, max: 100 }),
      (steps, entries, maxPurges) => {
        const isRoomy = maxPurges > 50;
        const bounds = { maxPurges, keepMs: isRoomy ? PURGE_LOG_BOUNDS.keepMs : 100 };
        const isolate = new Purges();
        const history: (PurgeTarget & { mode: PurgeMode; seq: number })[] = [];
        let log = EMPTY_PURGE_LOG;
        let now = T;
        for (const { kind, value: named, mode, passMs, isHeard, isOwn } of steps) {
          now += passMs;
          const value = kind === "all" ? "" : named;
          log = appendPurges(log, [{ kind, value }], mode, isOwn ? isolate.seq : 0, now, bounds);
          history.push({ kind, value, mode, seq: log.seq });
          expect(log.purges.length).toBeLessThanOrEqual(maxPurges);
          if (isHeard || isOwn) isolate.apply(purgesSince(log, isolate.seq));
          expect(isolate.size).toBeLessThanOrEqual(maxPurges);
        }
        const late = purgesSince(log, isolate.seq);
        isolate.apply(late);
        isolate.apply(late); // twice is once
        for (const { back, ...at } of entries) {
          const one = { ...at, purgeSeq: Math.max(0, log.seq - back) };
          const [judged, should] = [isolate.check(one), truth(history, one)];
          if (isRoomy) expect(judged).toBe(should);
          else expect(RANK.indexOf(judged)).toBeGreaterThanOrEqual(RANK.indexOf(should));
        }
      },
    ),
    { numRuns: 500 },
  );
});
