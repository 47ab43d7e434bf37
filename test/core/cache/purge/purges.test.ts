// Purges: which responses they cover, and that neither a bounded log nor an isolate that is behind serves a purged one.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  appendPurges,
  EMPTY_PURGE_LOG,
  PURGE_LOG_BOUNDS,
  type PurgeLogState,
  purgesSince,
} from "../../../../core/cache/purge/purge-log.ts";
import { PURGE_KINDS, type PurgeMode, Purges, type PurgeTarget } from "../../../../core/cache/purge/purges.ts";

const T = 1_000_000; // epoch ms
const tag = (value: string): PurgeTarget => ({ kind: "tag", value });
const RESPONSE = { key: "k", route: "users.v1.UserService/GetUser", tags: ["users", "user:42"], purgeSeq: 0 };

/** An isolate that knows all of a log. */
function knowing(log: PurgeLogState): Purges {
  const purges = new Purges();
  purges.apply(purgesSince(log, 0));
  return purges;
}

describe("a stored response", () => {
  it.each([
    { target: tag("user:42"), isCovered: true },
    { target: tag("users"), isCovered: true },
    { target: tag("user:4"), isCovered: false },
    { target: tag("k"), isCovered: false },
    { target: { kind: "key", value: "k" } as const, isCovered: true },
    { target: { kind: "key", value: "users" } as const, isCovered: false },
    { target: { kind: "route", value: "users.v1.UserService/GetUser" } as const, isCovered: true },
    { target: { kind: "route", value: "users.v1.UserService/ListUsers" } as const, isCovered: false },
    { target: { kind: "all", value: "" } as const, isCovered: true },
  ])("is covered by purges of its key, tags and route only: $target.kind $target.value", ({ target, isCovered }) => {
    for (const mode of ["soft", "hard"] as const) {
      const purges = knowing(appendPurges(EMPTY_PURGE_LOG, [target], mode, 0, T));
      expect(purges.check(RESPONSE)).toBe(isCovered ? mode : "valid");
      expect(purges.check({ ...RESPONSE, purgeSeq: purges.seq })).toBe("valid"); // fetched after the purge
    }
  });

  it("is covered by a purge that arrives while it is fetched", () => {
    const purges = new Purges();
    const seq = purges.seq; // when the fetch starts
    purges.apply(purgesSince(appendPurges(EMPTY_PURGE_LOG, [tag("users")], "soft", 0, T), seq));
    expect(purges.check({ ...RESPONSE, purgeSeq: seq })).toBe("soft");
  });

  it("is never served again where a hard purge covers it beside a soft one, in any order", () => {
    const hardFirst = appendPurges(appendPurges(EMPTY_PURGE_LOG, [tag("users")], "hard", 0, T), [tag("users")], "soft", 0, T + 1);
    const softFirst = appendPurges(appendPurges(EMPTY_PURGE_LOG, [tag("users")], "soft", 0, T), [tag("user:42")], "hard", 0, T + 1);
    expect([knowing(hardFirst).check(RESPONSE), knowing(softFirst).check(RESPONSE)]).toEqual(["hard", "hard"]);
    expect(knowing(hardFirst).check({ ...RESPONSE, purgeSeq: T })).toBe("soft"); // between the two
  });
});

describe("the purges that an isolate knows", () => {
  const target = (kind: PurgeTarget["kind"], value = ""): PurgeTarget => ({ kind, value });

  it("covers responses fetched before a purge, up to its seq", () => {
    const response = { key: "k", route: "r", tags: ["t", "u"], purgeSeq: 50 };
    const check = (log: PurgeLogState, checked = response) => knowing(log).check(checked);
    for (const mode of ["soft", "hard"] as const) {
      for (const one of [target("key", "k"), target("tag", "t"), target("tag", "u"), target("route", "r"), target("all")])
        expect(check(appendPurges(EMPTY_PURGE_LOG, [one], mode, 0, 100))).toBe(mode);
      for (const one of [target("key", "r"), target("tag", "k"), target("route", "t")])
        expect(check(appendPurges(EMPTY_PURGE_LOG, [one], mode, 0, 100))).toBe("valid");
      expect(check(appendPurges(EMPTY_PURGE_LOG, [target("key", "k")], mode, 0, 100), { ...response, purgeSeq: 100 })).toBe("valid");
      expect(check(appendPurges(EMPTY_PURGE_LOG, [target("key", "k")], mode, 0, 100), { ...response, purgeSeq: 99 })).toBe(mode);
    }
    const both = appendPurges(appendPurges(EMPTY_PURGE_LOG, [target("key", "k")], "soft", 0, 100), [target("tag", "u")], "hard", 0, 200);
    expect(check(both)).toBe("hard");
    expect(check(both, { ...response, purgeSeq: 199 })).toBe("hard");
    expect(check(appendPurges(both, [target("key", "x")], "hard", 0, 300), { ...response, purgeSeq: 200 })).toBe("valid");
  });

  it("applies deltas in any order, and more than once", () => {
    const response = { key: "k", route: "r", tags: ["t", "u"], purgeSeq: 50 };
    const log = appendPurges(appendPurges(EMPTY_PURGE_LOG, [target("key", "a")], "soft", 0, 100), [target("key", "b")], "soft", 0, 200);
    expect(purgesSince(log, 200)).toEqual({ kind: "same", seq: 200 });
    expect(purgesSince(log, 100)).toMatchObject({ kind: "purged", seq: 200, purges: [{ value: "b" }] });
    const purges = new Purges();
    purges.apply(purgesSince(log, 0));
    expect([purges.seq, purges.size, purges.epoch]).toEqual([200, 2, 0]);
    purges.apply({ kind: "same", seq: 900 });
    purges.apply({ kind: "purged", seq: 150, softFloor: 0, hardFloor: 0, epoch: 0, purges: [] });
    expect(purges.seq).toBe(200);
    purges.apply(purgesSince(appendPurges(log, [target("all")], "soft", 0, 300), 0));
    expect([purges.seq, purges.size]).toEqual([300, 0]);
    purges.apply(purgesSince(appendPurges(log, [target("all")], "hard", 0, 400), 0));
    expect([purges.epoch, purges.check({ ...response, purgeSeq: 399 }), purges.check({ ...response, purgeSeq: 400 })]).toEqual([
      400,
      "hard",
      "valid",
    ]);
  });
});

/** The decision of a log that keeps every purge. */
function expectedDecision(history: readonly (PurgeTarget & { mode: PurgeMode; seq: number })[], at: typeof RESPONSE): string {
  const covering = history.filter(({ kind, value, seq }) => {
    const isNamed = kind === "all" || (kind === "tag" ? at.tags.includes(value) : value === at[kind]);
    return isNamed && at.purgeSeq < seq;
  });
  return covering.some(({ mode }) => mode === "hard") ? "hard" : covering.length > 0 ? "soft" : "valid";
}

const purgeSteps = fc.record({
  kind: fc.constantFrom(...PURGE_KINDS.filter((kind) => kind !== "all"), "tag", "tag", "tag", "all"),
  value: fc.constantFrom("a", "b", "c", "d", "e"),
  mode: fc.constantFrom<PurgeMode>("soft", "hard"),
  passMs: fc.integer({ min: 0, max: 20 }),
  polls: fc.boolean(), // whether the isolate polls after this purge
  isOwn: fc.boolean(), // whether the isolate makes this purge
});
const lookups = fc.array(
  fc.record({
    key: fc.constantFrom("a", "b", "z"),
    route: fc.constantFrom("a", "c", "z"),
    tags: fc.subarray(["a", "d", "e", "z"]),
    back: fc.nat(60),
  }),
  { minLength: 5, maxLength: 20 },
);
const RANK = ["valid", "soft", "hard"];

it("an isolate that polls decides like one that knows all purges while the log has room, and never serves more where it has none", () => {
  fc.assert(
    fc.property(
      fc.array(purgeSteps, { minLength: 1, maxLength: 40 }),
      lookups,
      fc.integer({ min: 1, max: 100 }),
      (steps, responses, maxPurges) => {
        const isRoomy = maxPurges > 50;
        const bounds = { maxPurges, keepMs: isRoomy ? PURGE_LOG_BOUNDS.keepMs : 100 };
        const isolate = new Purges();
        const history: (PurgeTarget & { mode: PurgeMode; seq: number })[] = [];
        let log = EMPTY_PURGE_LOG;
        let now = T;
        for (const { kind, value: named, mode, passMs, polls, isOwn } of steps) {
          now += passMs;
          const value = kind === "all" ? "" : named;
          log = appendPurges(log, [{ kind, value }], mode, isOwn ? isolate.seq : 0, now, bounds);
          history.push({ kind, value, mode, seq: log.seq });
          expect(log.purges.length).toBeLessThanOrEqual(maxPurges);
          if (polls || isOwn) isolate.apply(purgesSince(log, isolate.seq));
          expect(isolate.size).toBeLessThanOrEqual(maxPurges);
        }
        const late = purgesSince(log, isolate.seq);
        isolate.apply(late);
        isolate.apply(late); // applied twice
        for (const { back, ...at } of responses) {
          const one = { ...at, purgeSeq: Math.max(0, log.seq - back) };
          const [decided, expected] = [isolate.check(one), expectedDecision(history, one)];
          if (isRoomy) expect(decided).toBe(expected);
          else expect(RANK.indexOf(decided)).toBeGreaterThanOrEqual(RANK.indexOf(expected));
        }
      },
    ),
    { numRuns: 500 },
  );
});
