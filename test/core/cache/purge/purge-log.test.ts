// The log of purges: order, bounds, floors and epochs.
import { describe, expect, it } from "vitest";
import {
  appendPurges,
  EMPTY_PURGE_LOG,
  PURGE_LOG_BOUNDS,
  type PurgeLogState,
  purgesSince,
  purgeTargetProblem,
} from "../../../../core/cache/purge/purge-log.ts";
import { Purges, type PurgeTarget } from "../../../../core/cache/purge/purges.ts";

const T = 1_000_000; // epoch ms
const tag = (value: string): PurgeTarget => ({ kind: "tag", value });
const target = (kind: PurgeTarget["kind"], value = ""): PurgeTarget => ({ kind, value });
const RESPONSE = { key: "k", route: "users.v1.UserService/GetUser", tags: ["users", "user:42"], purgeSeq: 0 };

/** An isolate that knows all of a log. */
function knowing(log: PurgeLogState): Purges {
  const purges = new Purges();
  purges.apply(purgesSince(log, 0));
  return purges;
}

describe("the log of purges", () => {
  it("returns what is new to an isolate, and nothing where it knows all", () => {
    let log = appendPurges(EMPTY_PURGE_LOG, [tag("a"), tag("b")], "soft", 0, T);
    expect(log.seq).toBe(T + 1);
    log = appendPurges(log, [tag("c")], "hard", 0, T + 1); // at the same time
    expect(purgesSince(log, T)).toMatchObject({ seq: T + 2, purges: [{ value: "b" }, { value: "c", mode: "hard", seq: T + 2 }] });
    expect(purgesSince(log, T + 2)).toEqual({ kind: "same", seq: T + 2 });
  });

  it("continues above what isolates know after a loss of its state, and where the clock steps back", () => {
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

  it("covers responses fetched before a dropped purge, and none fetched after it", () => {
    let log = appendPurges(EMPTY_PURGE_LOG, [tag("old")], "hard", 0, T);
    log = appendPurges(log, [tag("new")], "soft", 0, T + PURGE_LOG_BOUNDS.keepMs);
    expect(log.purges.map(({ value }) => value)).toEqual(["new"]);
    expect([knowing(log).check({ ...RESPONSE, purgeSeq: T - 1 }), knowing(log).check({ ...RESPONSE, purgeSeq: T })]).toEqual([
      "hard",
      "valid",
    ]);
  });

  it("changes the epoch only with a hard purge of all", () => {
    const all = { kind: "all", value: "" } as const;
    let log = appendPurges(EMPTY_PURGE_LOG, [all], "soft", 0, T);
    log = appendPurges(log, [tag("a")], "hard", 0, T + 1);
    expect([log.epoch, log.softFloor]).toEqual([0, T]);
    log = appendPurges(log, [all], "hard", 0, T + 2);
    expect(log).toMatchObject({ epoch: T + 2, hardFloor: T + 2, purges: [] }); // nothing listed that the floor covers
    log = appendPurges(log, [tag("b")], "soft", 0, T + 2 + PURGE_LOG_BOUNDS.keepMs);
    expect(log.epoch).toBe(T + 2);
  });

  it("rejects values that are empty or too long", () => {
    expect(purgeTargetProblem(tag("a".repeat(256)))).toBeUndefined();
    expect(purgeTargetProblem(tag("a".repeat(257)))).toContain("1 to 256 characters");
    expect(purgeTargetProblem({ kind: "key", value: "a".repeat(1_024) })).toBeUndefined();
    expect(purgeTargetProblem({ kind: "route", value: "" })).toContain("route");
    expect(purgeTargetProblem({ kind: "all", value: "" })).toBeUndefined();
  });

  it("numbers purges by the clock, above each other and above what the isolate knows", () => {
    const one = appendPurges(EMPTY_PURGE_LOG, [target("key", "a"), target("key", "b")], "soft", 0, 100);
    expect(one.purges.map(({ seq }) => seq)).toEqual([100, 101]);
    expect(appendPurges(one, [target("key", "c")], "soft", 0, 50).seq).toBe(102);
    expect(appendPurges(one, [target("key", "c")], "soft", 900, 50).seq).toBe(901);
    expect(appendPurges(one, [target("key", "c")], "soft", 0, 1_000).seq).toBe(1_000);
    expect(appendPurges(one, [target("key", "a")], "soft", 0, 1_000).purges.map(({ value }) => value)).toEqual(["b", "a"]);
  });

  it("raises a floor with a purge of all, and drops purges below it", () => {
    const named = appendPurges(appendPurges(EMPTY_PURGE_LOG, [target("key", "a")], "soft", 0, 100), [target("key", "b")], "hard", 0, 200);
    expect(appendPurges(named, [target("all")], "hard", 0, 300)).toEqual({
      seq: 300,
      softFloor: 0,
      hardFloor: 300,
      epoch: 300,
      purges: [],
    });
    const soft = appendPurges(named, [target("all")], "soft", 0, 300);
    expect(soft).toMatchObject({ softFloor: 300, hardFloor: 0, epoch: 0 });
    expect(soft.purges.map(({ value }) => value)).toEqual(["b"]);
  });

  it("raises a floor with purges that are too many or too old", () => {
    const bounds = { maxPurges: 2, keepMs: 1_000 };
    const many = appendPurges(
      EMPTY_PURGE_LOG,
      ["a", "b", "c"].map((value) => target("key", value)),
      "soft",
      0,
      100,
      bounds,
    );
    expect(many).toMatchObject({ softFloor: 100, hardFloor: 0 });
    expect(many.purges.map(({ value }) => value)).toEqual(["b", "c"]);
    const old = (now: number) =>
      appendPurges(
        appendPurges(EMPTY_PURGE_LOG, [target("key", "a")], "hard", 0, 100, bounds),
        [target("key", "z")],
        "soft",
        0,
        now,
        bounds,
      );
    expect(old(1_099)).toMatchObject({ hardFloor: 0 });
    expect(old(1_100)).toMatchObject({ hardFloor: 100 });
  });

  it("accepts values up to their maximum length", () => {
    expect(purgeTargetProblem(target("all"))).toBeUndefined();
    expect([
      purgeTargetProblem(target("key", "a".repeat(1_024))),
      purgeTargetProblem(target("tag", "a".repeat(256))),
      purgeTargetProblem(target("route", "a")),
    ]).toEqual([undefined, undefined, undefined]);
    expect(purgeTargetProblem(target("key", "a".repeat(1_025)))).toBe("key: write 1 to 1024 characters");
    expect(purgeTargetProblem(target("tag", "a".repeat(257)))).toBe("tag: write 1 to 256 characters");
    expect(purgeTargetProblem(target("route"))).toBe("route: write 1 to 256 characters");
  });
});
