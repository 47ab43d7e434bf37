// How long a response serves, what is kept of it, and which purges hit it: each rule at its bound.
import { describe, expect, it } from "vitest";
import { adaptedLifetimeMs } from "../../../core/cache/adaptive-lifetime.ts";
import { cacheKey, textOfBytes } from "../../../core/cache/cache-key.ts";
import { type LifetimeRules, lifetimeOf, type ReceivedResponse } from "../../../core/cache/freshness.ts";
import { parseCacheControl } from "../../../core/cache/headers/directives.ts";
import { Invalidations } from "../../../core/cache/purge/invalidations.ts";
import { appendPurges, EMPTY_PURGE_LOG, purgesSince, purgeTargetProblem } from "../../../core/cache/purge/purge-log.ts";
import { Purges } from "../../../core/cache/purge/purges.ts";
import { fieldPaths, parseTagTemplate, renderTag } from "../../../core/cache/purge/tag-template.ts";
import { ageSeconds, decideReuse, retryPauseMs } from "../../../core/cache/reuse.ts";
import { decideStorage, type StoreContext, type StoreRules } from "../../../core/cache/storable.ts";
import type { StoredResponse } from "../../../core/cache/stored-response.ts";

const NOW = Date.UTC(2026, 10, 25);
const httpDate = (ms: number): string => new Date(ms).toUTCString();
const fields = (record: Readonly<Record<string, string>>) => ({ get: (name: string) => record[name] ?? null });
const RULES: LifetimeRules = {
  ...{ ttlMs: 0, override: false, negativeTtlMs: 0, heuristicPercent: 0, jitterPercent: 0 },
  ...{ staleWhileRevalidateMs: 0, staleIfErrorMs: 0 },
};
const life = (
  headers: Record<string, string>,
  rules: Partial<LifetimeRules> = {},
  more: Partial<ReceivedResponse> = {},
  isTargeted = false,
  roll = 0,
) =>
  lifetimeOf(
    { status: 200, fields: fields(headers), requestedAt: NOW, receivedAt: NOW, ...more },
    parseCacheControl(headers["cache-control"] ?? null),
    isTargeted,
    { ...RULES, ...rules },
    roll,
  );

describe("the life of a response", () => {
  it("is what it says: s-maxage before max-age before Expires", () => {
    expect(life({ "cache-control": "max-age=60" })).toEqual({
      generatedAt: NOW,
      freshMs: 60_000,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      isExplicit: true,
    });
    expect(life({ "cache-control": "max-age=60, s-maxage=90" }).freshMs).toBe(90_000);
    const expires = { expires: httpDate(NOW + 30_000), date: httpDate(NOW - 10_000) };
    expect(life(expires).freshMs).toBe(40_000);
    expect(life({ ...expires, "cache-control": "max-age=5" }).freshMs).toBe(5_000);
    expect(life({ expires: "0" }).freshMs).toBe(0);
    expect(life({ expires: "0" }).isExplicit).toBe(true);
    expect(life(expires, { ttlMs: 7_000 }, {}, true).freshMs).toBe(7_000); // directives for this cache alone
    expect(life({}).isExplicit).toBe(false);
  });

  it("is the operator's where it says nothing, or where that overrides it; never where it has to be validated", () => {
    expect(life({}, { ttlMs: 7_000 }).freshMs).toBe(7_000);
    expect(life({ "cache-control": "max-age=60" }, { ttlMs: 7_000 }).freshMs).toBe(60_000);
    expect(life({ "cache-control": "max-age=60" }, { ttlMs: 7_000, override: true }).freshMs).toBe(7_000);
    expect(life({ "cache-control": "no-cache" }, { ttlMs: 7_000, override: true }).freshMs).toBe(0);
    expect(life({ "cache-control": 'no-cache="a"' }, { ttlMs: 7_000 }).freshMs).toBe(7_000);
  });

  it("is shorter by chance, at most by the jitter", () => {
    const rules = { ttlMs: 1_000, negativeTtlMs: 500, jitterPercent: 10 };
    expect([0, 0.5, 1].map((roll) => life({}, rules, {}, false, roll).freshMs)).toEqual([1_000, 950, 900]);
    expect(life({}, rules, { status: 404 }, false, 1).freshMs).toBe(450);
  });

  it("goes by the status: what is gone has a life of its own, other errors none", () => {
    const rules = { ttlMs: 1_000, negativeTtlMs: 500 };
    const of = (status: number, more: Partial<LifetimeRules> = {}) => life({}, { ...rules, ...more }, { status }).freshMs;
    expect([200, 203, 204, 300, 301, 308].map((status) => of(status))).toEqual(Array(6).fill(1_000));
    expect([404, 410].map((status) => of(status))).toEqual([500, 500]);
    expect([201, 302, 307, 405, 414, 500, 501].map((status) => of(status))).toEqual(Array(7).fill(0));
    expect([404, 410].map((status) => of(status, { negativeTtlMs: 0 }))).toEqual([0, 0]);
  });

  it("may be guessed from Last-Modified, for at most a day, where the status or the response allows it", () => {
    const rules = { heuristicPercent: 10 };
    const modified = (agoMs: number) => ({ "last-modified": httpDate(NOW - agoMs) });
    expect(life(modified(100_000), rules).freshMs).toBe(10_000);
    expect(life(modified(100_000)).freshMs).toBe(0);
    expect(life(modified(1e10), rules).freshMs).toBe(86_400_000);
    expect(life(modified(0), rules).freshMs).toBe(0);
    expect(life({}, rules).freshMs).toBe(0);
    for (const status of [203, 204, 300, 301, 308, 404, 405, 410, 414, 501])
      expect(life(modified(100_000), rules, { status }).freshMs).toBe(10_000);
    for (const status of [201, 302, 403, 500]) {
      expect(life(modified(100_000), rules, { status }).freshMs).toBe(0);
      expect(life({ ...modified(100_000), "cache-control": "public" }, rules, { status }).freshMs).toBe(10_000);
    }
    expect(life({ ...modified(100_000), date: httpDate(NOW - 50_000) }, rules).freshMs).toBe(5_000);
  });

  it("counts from when the response was made: by Date, by Age and by the time it was on its way", () => {
    const born = (headers: Record<string, string>, tookMs = 0) => NOW - life(headers, {}, { requestedAt: NOW - tookMs }).generatedAt;
    expect(born({})).toBe(0);
    expect(born({ date: httpDate(NOW - 30_000) })).toBe(30_000);
    expect(born({ date: httpDate(NOW + 30_000) })).toBe(0);
    expect(born({ age: "20" }, 3_000)).toBe(23_000);
    expect(born({ age: "20", date: httpDate(NOW - 60_000) }, 3_000)).toBe(60_000);
    expect(born({}, 3_000)).toBe(3_000);
    for (const [age, want] of [
      ["7, 99", 7],
      [" 5 ", 5],
      ["x", 0],
      ["1.5", 0],
      ["-1", 0],
      ["", 0],
      ["99999999999", 2_147_483_648],
    ] as const)
      expect(born({ age })).toBe(want * 1_000);
  });

  it("has windows in which it serves stale, by its own word or the operator's, unless it forbids that", () => {
    const rules = { ttlMs: 1_000, staleWhileRevalidateMs: 20, staleIfErrorMs: 30 };
    expect(life({}, rules)).toMatchObject({ staleWhileRevalidateMs: 20, staleIfErrorMs: 30 });
    expect(life({ "cache-control": "stale-while-revalidate=5, stale-if-error=2" }, rules)).toMatchObject({
      staleWhileRevalidateMs: 5_000,
      staleIfErrorMs: 5_000,
    });
    expect(life({ "cache-control": "stale-while-revalidate=5, stale-if-error=9" }, rules)).toMatchObject({
      staleWhileRevalidateMs: 5_000,
      staleIfErrorMs: 9_000,
    });
    for (const forbids of ["must-revalidate", "proxy-revalidate", "s-maxage=1"])
      expect(life({ "cache-control": `${forbids}, stale-while-revalidate=5, stale-if-error=2` }, rules)).toMatchObject({
        staleWhileRevalidateMs: 0,
        staleIfErrorMs: 0,
      });
    expect(life({ "cache-control": "no-cache, stale-if-error=9" }, rules)).toMatchObject({ staleWhileRevalidateMs: 0, staleIfErrorMs: 0 });
    expect(life({ "cache-control": "max-age=0" }, rules)).toMatchObject({ staleWhileRevalidateMs: 0, staleIfErrorMs: 30 });
    expect(life({}, { ...rules, negativeTtlMs: 9 }, { status: 404 })).toMatchObject({
      freshMs: 9,
      staleWhileRevalidateMs: 20,
      staleIfErrorMs: 20,
    });
  });
});

describe("what is kept of a response", () => {
  const STORE: StoreRules = { ...RULES, ttlMs: 60_000, storeErrors: false, targets: [], tagHeader: "cache-tag", adaptive: undefined };
  const ASKING: StoreContext = { hasAuthorization: false, unchangedCount: 0, route: "r", tags: ["t"], purgeSeq: 9 };
  const store = (headers: Record<string, string>, status = 200, asking: Partial<StoreContext> = {}, rules: Partial<StoreRules> = {}) =>
    decideStorage(
      { status, fields: fields(headers), requestedAt: NOW - 40, receivedAt: NOW },
      Object.entries(headers),
      new Uint8Array(3),
      { ...ASKING, ...asking },
      { ...STORE, ...rules },
      0,
    );
  const entry = (...args: Parameters<typeof store>): StoredResponse => {
    const stored = store(...args);
    if (stored.kind !== "stored") throw new Error(stored.reason);
    return stored.stored;
  };
  const why = (...args: Parameters<typeof store>): string => {
    const stored = store(...args);
    return stored.kind === "refused" ? stored.reason : "stored";
  };

  it("is nothing where the response, its status or its caller forbids it", () => {
    expect([why({}, 199), why({}, 206), why({}, 304)]).toEqual(["partial", "partial", "partial"]);
    expect(why({ "cache-control": "no-store" })).toBe("no-store");
    expect(why({ "cache-control": "private" })).toBe("private");
    expect(why({ "cache-control": 'private="x"' })).toBe("stored");
    expect(why({ "set-cookie": "a=b" })).toBe("set-cookie");
    expect([why({ vary: "*" }), why({ vary: "a, *" }), why({ vary: "a" })]).toEqual(["vary", "vary", "stored"]);
    expect(why({}, 200, { hasAuthorization: true })).toBe("authorization");
    for (const allowed of ["public", "s-maxage=1", "must-revalidate"])
      expect(why({ "cache-control": allowed }, 200, { hasAuthorization: true })).toBe("stored");
    expect(why({ "cache-control": "max-age=0" })).toBe("not-fresh");
    expect(why({ "cache-control": "must-understand, max-age=9" }, 299)).toBe("not-understood");
    for (const status of [200, 308, 400, 417, 422, 451, 500, 505])
      expect(why({ "cache-control": "must-understand, max-age=9" }, status, {}, { storeErrors: true })).toBe("stored");
    for (const status of [418, 506])
      expect(why({ "cache-control": "must-understand, max-age=9" }, status, {}, { storeErrors: true })).toBe("not-understood");
  });

  it("is no error, but for those that last, or where that is turned on and the response says so", () => {
    const says = { "cache-control": "max-age=9" };
    for (const status of [404, 405, 410, 414, 501]) expect(why(says, status)).toBe("stored");
    for (const status of [400, 403, 500, 503]) {
      expect(why(says, status)).toBe("error");
      expect(why(says, status, {}, { storeErrors: true })).toBe("stored");
      expect(why({}, status, {}, { storeErrors: true })).toBe("error");
    }
    expect(why(says, 399)).toBe("stored");
    const open = { "cache-control": "public", etag: '"a"' };
    for (const status of [400, 500]) {
      expect([why(open, status, {}, { storeErrors: true }), why(open, status)]).toEqual(["stored", "error"]);
      expect(why({ etag: '"a"' }, status, {}, { storeErrors: true })).toBe("error");
    }
  });

  it("is fresh, stale and valid until the times of its life; an hour longer where it can be validated", () => {
    const rules = { staleWhileRevalidateMs: 5, staleIfErrorMs: 7 };
    expect(entry({}, 200, {}, rules)).toMatchObject({
      ...{ status: 200, storedAt: NOW, generatedAt: NOW - 40, fetchMs: 40, route: "r", purgeSeq: 9, unchangedCount: 0 },
      ...{ freshUntil: NOW + 59_960, staleUntil: NOW + 59_965, staleIfErrorUntil: NOW + 59_967, revalidatableUntil: 0 },
    });
    const isoDate = httpDate(NOW - 99_000);
    expect(entry({ etag: '"a"' })).toMatchObject({ revalidatableUntil: NOW + 59_960 + 3_600_000 });
    expect(entry({ "last-modified": isoDate })).toMatchObject({ revalidatableUntil: NOW + 59_960 + 3_600_000 });
    expect(entry({ etag: '"a"', "cache-control": "no-cache" })).toMatchObject({
      freshUntil: NOW - 40,
      revalidatableUntil: NOW + 3_600_000,
    });
  });

  it("is without fields that speak of one call, of other origins, or that it says are for one caller", () => {
    const kept = entry({
      ...{ age: "1", "cache-status": "x", "x-request-id": "x", "proxy-authentication-info": "x", ratelimit: "x", "ratelimit-policy": "x" },
      ...{ "cache-tag": "a", "access-control-allow-origin": "*", "timing-allow-origin": "*", "x-kept": "1", "x-own": "1", "x-fresh": "1" },
      "cache-control": 'private="x-own", no-cache="X-Fresh", max-age=9',
    }).headers.map(([name]) => name);
    expect(kept).toEqual(["x-kept", "cache-control"]);
  });

  it("has the tags of its route and those that it names, each once, and 64 at most", () => {
    expect(entry({ "cache-tag": "a,b  t c" }).tags).toEqual(["t", "a", "b", "c"]);
    expect(entry({}).tags).toEqual(["t"]);
    expect(entry({ "cache-tag": `${"x".repeat(256)} ${"y".repeat(257)}` }).tags).toEqual(["t", "x".repeat(256)]);
    expect(entry({ "cache-tag": Array.from({ length: 99 }, (_, n) => `n${n}`).join(" ") }).tags).toHaveLength(64);
    expect(entry({ "surrogate-key": "z" }, 200, {}, { tagHeader: "surrogate-key" }).tags).toEqual(["t", "z"]);
  });

  it("lives longer the more often it came back unchanged", () => {
    const adaptive = { maxFactor: 8, maxMs: 1e9 };
    expect(entry({}, 200, { unchangedCount: 2 }, { adaptive }).freshUntil - (NOW - 40)).toBe(adaptedLifetimeMs(60_000, 2, adaptive));
    expect(adaptedLifetimeMs(60_000, 2, adaptive)).toBeGreaterThan(60_000);
    expect(entry({}, 200, { unchangedCount: 2 }).freshUntil - (NOW - 40)).toBe(60_000);
  });
});

describe("what an entry is good for", () => {
  const ENTRY = { generatedAt: NOW - 10_000, freshUntil: NOW + 5_000, staleUntil: NOW + 8_000, fetchMs: 0 } as StoredResponse;
  const use = (now: number, asked = "", judgement: "valid" | "soft" | "hard" = "valid", more: Partial<StoredResponse> = {}, roll = 0.5) =>
    decideReuse({ ...ENTRY, ...more }, judgement, parseCacheControl(asked), now, roll);

  it("is fresh, then stale, then to be validated", () => {
    expect([use(NOW + 4_999).kind, use(NOW + 5_000).kind, use(NOW + 7_999).kind, use(NOW + 8_000).kind]).toEqual([
      "fresh",
      "stale",
      "stale",
      "revalidate",
    ]);
    expect([use(NOW, "", "soft").kind, use(NOW, "", "hard").kind]).toEqual(["revalidate", "revalidate"]);
  });

  it("is what the caller accepts", () => {
    expect([use(NOW, "no-cache").kind, use(NOW, "no-store").kind, use(NOW, "other").kind]).toEqual(["revalidate", "revalidate", "fresh"]);
    expect([use(NOW, "max-age=9").kind, use(NOW, "max-age=10").kind]).toEqual(["revalidate", "fresh"]);
    expect([use(NOW, "min-fresh=5").kind, use(NOW, "min-fresh=6").kind]).toEqual(["fresh", "revalidate"]);
  });

  it("is refreshed early by chance, the likelier the nearer its end and the longer its fetch", () => {
    const early = (fetchMs: number, roll: number) => use(NOW, "", "valid", { fetchMs }, roll);
    expect([early(1_000, Math.exp(-4.99)), early(1_000, Math.exp(-5.01))]).toEqual([
      { kind: "fresh", isRefreshedEarly: false },
      { kind: "fresh", isRefreshedEarly: true },
    ]);
    expect(early(0, 0.000_001)).toEqual({ kind: "fresh", isRefreshedEarly: false });
  });

  it("has an age in whole seconds; and an upstream that fails is asked after pauses that double", () => {
    expect([ageSeconds(ENTRY, NOW), ageSeconds(ENTRY, NOW + 999), ageSeconds(ENTRY, NOW - 20_000)]).toEqual([10, 10, 0]);
    expect([0, 1, 2, 3, 5, 6, 99].map(retryPauseMs)).toEqual([1_000, 1_000, 2_000, 4_000, 16_000, 30_000, 30_000]);
  });
});

describe("purges", () => {
  const target = (kind: "key" | "tag" | "route" | "all", value = "") => ({ kind, value });
  const entry = { key: "k", route: "r", tags: ["t", "u"], purgeSeq: 50 };
  const judge = (log: ReturnType<typeof appendPurges>, judged = entry) => {
    const purges = new Purges();
    purges.apply(purgesSince(log, 0));
    return purges.check(judged);
  };

  it("hit what was fetched before them, by key, tag, route or all", () => {
    for (const mode of ["soft", "hard"] as const) {
      for (const one of [target("key", "k"), target("tag", "t"), target("tag", "u"), target("route", "r"), target("all")])
        expect(judge(appendPurges(EMPTY_PURGE_LOG, [one], mode, 0, 100))).toBe(mode);
      for (const one of [target("key", "r"), target("tag", "k"), target("route", "t")])
        expect(judge(appendPurges(EMPTY_PURGE_LOG, [one], mode, 0, 100))).toBe("valid");
      expect(judge(appendPurges(EMPTY_PURGE_LOG, [target("key", "k")], mode, 0, 100), { ...entry, purgeSeq: 100 })).toBe("valid");
      expect(judge(appendPurges(EMPTY_PURGE_LOG, [target("key", "k")], mode, 0, 100), { ...entry, purgeSeq: 99 })).toBe(mode);
    }
    const both = appendPurges(appendPurges(EMPTY_PURGE_LOG, [target("key", "k")], "soft", 0, 100), [target("tag", "u")], "hard", 0, 200);
    expect(judge(both)).toBe("hard");
    expect(judge(both, { ...entry, purgeSeq: 199 })).toBe("hard");
    expect(judge(appendPurges(both, [target("key", "x")], "hard", 0, 300), { ...entry, purgeSeq: 200 })).toBe("valid");
  });

  it("are numbered by the clock, above each other and above what is known", () => {
    const one = appendPurges(EMPTY_PURGE_LOG, [target("key", "a"), target("key", "b")], "soft", 0, 100);
    expect(one.purges.map(({ seq }) => seq)).toEqual([100, 101]);
    expect(appendPurges(one, [target("key", "c")], "soft", 0, 50).seq).toBe(102);
    expect(appendPurges(one, [target("key", "c")], "soft", 900, 50).seq).toBe(901);
    expect(appendPurges(one, [target("key", "c")], "soft", 0, 1_000).seq).toBe(1_000);
    expect(appendPurges(one, [target("key", "a")], "soft", 0, 1_000).purges.map(({ value }) => value)).toEqual(["b", "a"]);
  });

  it("of all raise a floor, and leave out what that covers", () => {
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

  it("that are too many or too old raise a floor, too: nothing that was purged is served", () => {
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

  it("are told as what is new", () => {
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
    expect([purges.epoch, purges.check({ ...entry, purgeSeq: 399 }), purges.check({ ...entry, purgeSeq: 400 })]).toEqual([
      400,
      "hard",
      "valid",
    ]);
  });

  it("name what they purge in bounds", () => {
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

describe("invalidations", () => {
  it("hit what was fetched up to them, and all of before where they are too many", () => {
    const changes = new Invalidations(2);
    expect(changes.covers("a", 0)).toBe(false);
    changes.add("a", 100);
    expect([changes.covers("a", 100), changes.covers("a", 101), changes.covers("b", 100)]).toEqual([true, false, false]);
    changes.add("b", 200);
    changes.add("a", 300);
    expect([changes.size, changes.covers("z", 100)]).toEqual([2, false]);
    changes.add("c", 400); // the oldest is b, of 200
    expect([changes.size, changes.covers("z", 200), changes.covers("z", 201), changes.covers("a", 300), changes.covers("b", 201)]).toEqual([
      2,
      true,
      false,
      true,
      false,
    ]);
  });
});

describe("tags of a route", () => {
  it("are text and fields of the request", () => {
    const template = parseTagTemplate("user:{user.id}-{n}");
    expect(template).toEqual(["user:", ["user", "id"], "-", ["n"]]);
    expect(fieldPaths(template)).toEqual([["user", "id"], ["n"]]);
    const of = (values: Record<string, unknown>) => renderTag(template, (path) => values[path.join(".")]);
    expect(of({ "user.id": "7", n: 8n })).toBe("user:7-8");
    expect([
      of({ "user.id": true, n: 1.5 }),
      of({ "user.id": "", n: 1 }),
      of({ n: 1 }),
      of({ "user.id": {}, n: 1 }),
      of({ "user.id": "a b", n: 1 }),
      of({ "user.id": "a,b", n: 1 }),
    ]).toEqual(["user:true-1.5", undefined, undefined, undefined, undefined, undefined]);
    expect(of({ "user.id": "x".repeat(249), n: 1 })).toHaveLength(256);
    expect(of({ "user.id": "x".repeat(250), n: 1 })).toBeUndefined();
  });
});

describe("a key", () => {
  it("differs in each of its parts, wherever they are cut", () => {
    const keys = [
      cacheKey("a", "b", "c", []),
      cacheKey("ab", "", "c", []),
      cacheKey("a", "", "bc", []),
      cacheKey("a", "b", "c", [null]),
      cacheKey("a", "b", "c", [""]),
      cacheKey("a", "b", "c", ["-"]),
    ];
    expect(new Set(keys).size).toBe(6);
    expect(cacheKey("ab", "c", "", ["de", null])).toBe("2:ab1:c0:2:de-");
  });

  it("has every byte of a message as a character", () => {
    const bytes = Uint8Array.from({ length: 20_000 }, (_, index) => (index * 7) % 256);
    const text = textOfBytes(bytes);
    expect(text).toHaveLength(20_000);
    for (const at of [0, 8_191, 8_192, 16_383, 16_384, 19_999]) expect(text.charCodeAt(at)).toBe(bytes[at]);
  });
});
