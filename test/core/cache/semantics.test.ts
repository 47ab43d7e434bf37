// What may be kept, how long it lives, and what it is good for: RFC 9111, 5861, 9211, 9213; against a library, and case by case.
import fc from "fast-check";
import CachePolicyOf from "http-cache-semantics";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cacheKey } from "../../../core/cache/cache-key.ts";
import { cacheStatus } from "../../../core/cache/headers/cache-status.ts";
import { NO_DIRECTIVES, parseCacheControl } from "../../../core/cache/headers/directives.ts";
import { selectRange } from "../../../core/cache/headers/range.ts";
import { Invalidations } from "../../../core/cache/purge/invalidations.ts";
import { parseTagTemplate, renderTag } from "../../../core/cache/purge/tag-template.ts";
import { ageSeconds, decideReuse, retryPauseMs } from "../../../core/cache/reuse.ts";
import { isNotModified, updatedHeaders } from "../../../core/cache/revalidation.ts";
import { decideStorage, type StoreRules } from "../../../core/cache/storable.ts";
import type { StoredResponse } from "../../../core/cache/stored-response.ts";

const NOW = Date.UTC(2026, 10, 25);
const DATE = "Wed, 25 Nov 2026 00:00:00 GMT";
const RULES: StoreRules = {
  ttlMs: 0,
  override: false,
  negativeTtlMs: 0,
  heuristicPercent: 0,
  jitterPercent: 0,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  storeErrors: false,
  targets: ["cdn-cache-control"],
  tagHeader: "cache-tag",
  adaptive: undefined,
};
type Record_ = Readonly<Record<string, string>>;
const fieldsOf = (record: Record_) => ({ get: (name: string) => record[name.toLowerCase()] ?? null });

function keep(headers: Record_, { status = 200, rules = {}, hasAuthorization = false, unchanged = 0, delayMs = 0 } = {}) {
  const answer = { status, fields: fieldsOf(headers), requestedAt: NOW - delayMs, receivedAt: NOW };
  const asking = { hasAuthorization, unchangedCount: unchanged, route: "r", tags: ["t"], purgeSeq: 0 };
  return decideStorage(answer, Object.entries(headers), new Uint8Array(3), asking, { ...RULES, ...rules }, 0.5);
}

function kept(headers: Record_, options: Parameters<typeof keep>[1] = {}): StoredResponse {
  const result = keep(headers, options);
  if (result.kind !== "stored") throw new Error(`refused: ${result.reason}`);
  return result.stored;
}

const freshS = (entry: StoredResponse): number => (entry.freshUntil - NOW) / 1_000;

afterEach(() => void vi.useRealTimers());

describe("beside http-cache-semantics", () => {
  it("an answer is fresh at the same times", () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const seconds = fc.integer({ min: 0, max: 300 });
    const directive = fc.oneof(
      seconds.map((n) => `max-age=${n}`),
      seconds.map((n) => `s-maxage=${n}`),
      // Not proxy-revalidate: the library takes it for max-age=0.
      fc.constantFrom("public", "no-store", "no-cache", "must-revalidate", "private", "foo=bar", "max-age=x"),
    );
    const headers = fc.record({
      "cache-control": fc.option(
        fc.uniqueArray(directive, { selector: (one) => one.split("=")[0], maxLength: 3 }).map((all) => all.join(", ")),
      ),
      age: fc.option(seconds.map(String)),
      date: fc.constant(DATE),
      expires: fc.option(
        fc.oneof(
          seconds.map((n) => new Date(NOW + n * 1_000).toUTCString()),
          fc.constant("0"),
        ),
      ),
      "last-modified": fc.option(seconds.map((n) => new Date(NOW - n * 1_000).toUTCString())),
    });
    const status = fc.constantFrom(200, 203, 404, 410);
    fc.assert(
      fc.property(headers, status, fc.boolean(), fc.integer({ min: 0, max: 400 }), (some, status, hasAuthorization, laterS) => {
        const present = Object.fromEntries(Object.entries(some).filter(([, value]) => value !== null)) as Record<string, string>;
        vi.setSystemTime(NOW);
        const request = { method: "GET", url: "/", headers: hasAuthorization ? { authorization: "x" } : {} };
        const policy = new CachePolicyOf(
          request,
          { status, headers: present },
          { shared: true, cacheHeuristic: 0.1, immutableMinTimeToLive: 0 },
        );
        vi.setSystemTime(NOW + laterS * 1_000);
        const theirs = policy.storable() && !policy.stale();
        const result = keep(present, { status, hasAuthorization, rules: { heuristicPercent: 10 } });
        const ours =
          result.kind === "stored" && decideReuse(result.stored, "valid", NO_DIRECTIVES, NOW + laterS * 1_000, 0.5).kind === "fresh";
        expect({ present, laterS, fresh: ours }).toEqual({ present, laterS, fresh: theirs });
      }),
      { numRuns: 3_000, seed: 7 },
    );
  });
});

describe("an answer", () => {
  it.each([
    [{ "cache-control": "max-age=60" }, 60],
    [{ "cache-control": "max-age=60, s-maxage=30" }, 30],
    [{ "cache-control": "max-age=60", age: "20" }, 40],
    [{ "cache-control": "max-age=60", age: "20, 50" }, 40],
    [{ "cache-control": "max-age=60", age: "old" }, 60],
    [{ "cache-control": "max-age=60", age: "20.5" }, 60],
    [{ "cache-control": "max-age=60", date: "Tue, 24 Nov 2026 23:59:50 GMT" }, 50],
    [{ expires: "Wed, 25 Nov 2026 00:01:00 GMT", date: DATE }, 60],
    [{ expires: "Wed, 25 Nov 2026 00:01:00 GMT", date: "no date" }, 60],
    [{ "cdn-cache-control": "max-age=60", "cache-control": "no-store", expires: "0" }, 60],
  ])("lives %j for %d s", (headers, seconds) => {
    expect(freshS(kept(headers))).toBe(seconds);
  });

  it("has aged while it was fetched", () => {
    const entry = kept({ "cache-control": "max-age=60", age: "1" }, { delayMs: 4_000 });
    expect([freshS(entry), ageSeconds(entry, NOW), ageSeconds(entry, NOW + 1_500)]).toEqual([55, 5, 6]);
  });

  it.each([
    [{ "cache-control": "no-store, max-age=60" }, {}, "no-store"],
    [{ "cache-control": "private, max-age=60" }, {}, "private"],
    [{ "cdn-cache-control": "private", "cache-control": "max-age=60" }, {}, "private"],
    [{ "cache-control": "max-age=60", "set-cookie": "a=b" }, {}, "set-cookie"],
    [{ "cache-control": "max-age=60", vary: "accept, *" }, {}, "vary"],
    [{ "cache-control": "max-age=60" }, { hasAuthorization: true }, "authorization"],
    [{ "cache-control": "max-age=60" }, { status: 206 }, "partial"],
    [{ "cache-control": "max-age=60" }, { status: 304 }, "partial"],
    [{ "cache-control": "max-age=60, must-understand" }, { status: 299 }, "not-understood"],
    [{ "cache-control": "max-age=60" }, { status: 500 }, "error"],
    [{ "cache-control": "max-age=60" }, { status: 403 }, "error"],
    [{}, {}, "not-fresh"],
    [{ "cache-control": "max-age=60", age: "61" }, {}, "not-fresh"],
    [{ "last-modified": "Wed, 01 Jan 2020 00:00:00 GMT" }, { status: 201, rules: { ttlMs: 60_000 } }, undefined],
  ])("%j %j is refused: %s", (headers, options, why) => {
    const result = keep(headers as unknown as Record_, options);
    if (why === undefined) expect(result).toMatchObject({ kind: "stored", stored: { freshUntil: NOW } });
    else expect(result).toEqual({ kind: "refused", reason: why });
  });

  it.each(["public", "s-maxage=60", "must-revalidate"])("of a caller with credentials is kept where it allows that: %s", (directive) => {
    expect(keep({ "cache-control": `max-age=60, ${directive}` }, { hasAuthorization: true }).kind).toBe("stored");
  });

  it("lives by the operator's word where it has none of its own, a little shorter each", () => {
    const rules = { ttlMs: 100_000, negativeTtlMs: 10_000, jitterPercent: 10 };
    expect(freshS(kept({}, { rules }))).toBe(95);
    expect(freshS(kept({}, { rules, status: 404 }))).toBe(9.5);
    expect(freshS(kept({ "cache-control": "max-age=5" }, { rules }))).toBe(5);
    expect(freshS(kept({ "cache-control": "max-age=5" }, { rules: { ...rules, override: true } }))).toBe(95);
    expect(keep({ "cache-control": "no-store" }, { rules: { ...rules, override: true } }).kind).toBe("refused");
    expect(keep({}, { rules, status: 302 }).kind).toBe("refused");
  });

  it("lives longer the more often it was found unchanged, within bounds", () => {
    const rules = { adaptive: { maxFactor: 8, maxMs: 300_000 } };
    const livesS = [0, 1, 2, 3, 9].map((unchanged) => freshS(kept({ "cache-control": "max-age=60" }, { rules, unchanged })));
    expect(livesS).toEqual([60, 120, 240, 300, 300]);
  });

  it("loses what is for one caller, and what is written anew each time", () => {
    const entry = kept({
      "cache-control": 'max-age=60, no-cache="x-a", private="x-b"',
      "x-a": "1",
      "x-b": "1",
      "x-c": "1",
      age: "3",
      "cache-tag": "one two,three",
    });
    expect(entry.headers.map(([name]) => name)).toEqual(["cache-control", "x-c"]);
    expect(entry.tags).toEqual(["t", "one", "two", "three"]);
  });
});

describe("an entry", () => {
  const use = (headers: Record_, laterS: number, asked = "", options = {}) =>
    decideReuse(kept(headers, options), "valid", asked === "" ? NO_DIRECTIVES : parseCacheControl(asked), NOW + laterS * 1_000, 0.5).kind;

  it("is fresh, then stale, then has to be validated", () => {
    const headers = { "cache-control": "max-age=10, stale-while-revalidate=20" };
    expect([9.9, 10, 29.9, 30].map((later) => use(headers, later))).toEqual(["fresh", "stale", "stale", "revalidate"]);
    expect(use({ "cache-control": "max-age=10", etag: '"1"' }, 11, "", { rules: { staleWhileRevalidateMs: 20_000 } })).toBe("stale");
    expect(
      use({ "cache-control": "max-age=10, must-revalidate", etag: '"1"' }, 11, "", { rules: { staleWhileRevalidateMs: 20_000 } }),
    ).toBe("revalidate");
  });

  it("that is purged softly is asked for again, and is there when that fails", () => {
    const entry = kept({ "cache-control": "max-age=60, stale-while-revalidate=60" });
    expect(decideReuse(entry, "soft", NO_DIRECTIVES, NOW, 0.5).kind).toBe("revalidate");
  });

  it("is not good enough for callers who ask for more, where that counts", () => {
    const headers = { "cache-control": "max-age=60" };
    expect(use(headers, 10, "max-age=5")).toBe("revalidate");
    expect(use(headers, 10, "max-age=10")).toBe("fresh");
    expect(use(headers, 10, "min-fresh=51")).toBe("revalidate");
    expect(use(headers, 0, "no-cache")).toBe("revalidate");
  });

  it("is refreshed early by one of many, the likelier the nearer its end and the longer it takes", () => {
    const entry = { ...kept({ "cache-control": "max-age=10" }), fetchMs: 500 };
    const share = (laterS: number): number => {
      const rolls = Array.from({ length: 1_000 }, (_, index) => (index + 0.5) / 1_000);
      return (
        rolls.filter(
          (roll) =>
            (decideReuse(entry, "valid", NO_DIRECTIVES, NOW + laterS * 1_000, roll) as { isRefreshedEarly: boolean }).isRefreshedEarly,
        ).length / 1_000
      );
    };
    expect(share(0)).toBe(0);
    expect(share(9.5)).toBeCloseTo(Math.exp(-1), 2);
    expect(share(9.9)).toBeCloseTo(Math.exp(-0.2), 2);
  });

  it("keeps its body and what describes it when it is confirmed", () => {
    const entry = kept({ "cache-control": "max-age=60", "content-length": "3", etag: '"1"', date: DATE, "x-a": "1", "x-b": "1" });
    const headers = Object.fromEntries(
      updatedHeaders(entry, [
        ["x-a", "2"],
        ["content-length", "9"],
        ["etag", '"2"'],
        ["x-c", "3"],
      ]),
    );
    expect(headers).toEqual({ "cache-control": "max-age=60", "content-length": "3", etag: '"1"', "x-a": "2", "x-b": "1", "x-c": "3" });
  });

  it("is known already to callers who name its validator", () => {
    const answer = fieldsOf({ etag: 'W/"a,b"', "last-modified": DATE });
    const knows = (request: Record_, status = 200) => isNotModified(fieldsOf(request), status, answer, NOW);
    expect([knows({ "if-none-match": '"x", "a,b"' }), knows({ "if-none-match": "*" }), knows({ "if-modified-since": DATE })]).toEqual([
      true,
      true,
      true,
    ]);
    expect(knows({ "if-none-match": '"x"', "if-modified-since": DATE })).toBe(false);
    expect(knows({ "if-modified-since": "Tue, 24 Nov 2026 00:00:00 GMT" })).toBe(false);
    expect(knows({ "if-none-match": '"a,b"' }, 404)).toBe(false);
    expect(knows({})).toBe(false);
  });
});

describe("a part of an answer", () => {
  const answer = fieldsOf({ etag: '"1"', "last-modified": DATE });
  it.each([
    [{ range: "bytes=0-1" }, { kind: "part", start: 0, end: 2 }],
    [{ range: "bytes=8-" }, { kind: "part", start: 8, end: 10 }],
    [{ range: "bytes=-3" }, { kind: "part", start: 7, end: 10 }],
    [{ range: "bytes=-30" }, { kind: "part", start: 0, end: 10 }],
    [{ range: "bytes=5-99" }, { kind: "part", start: 5, end: 10 }],
    [{ range: "bytes=10-" }, { kind: "unsatisfiable" }],
    [{ range: "bytes=-0" }, { kind: "unsatisfiable" }],
    [{ range: "bytes=5-2" }, { kind: "whole" }],
    [{ range: "bytes=0-1,3-4" }, { kind: "whole" }],
    [{ range: "lines=0-1" }, { kind: "whole" }],
    [
      { range: "bytes=0-1", "if-range": '"1"' },
      { kind: "part", start: 0, end: 2 },
    ],
    [{ range: "bytes=0-1", "if-range": '"2"' }, { kind: "whole" }],
    [{ range: "bytes=0-1", "if-range": 'W/"1"' }, { kind: "whole" }],
    [
      { range: "bytes=0-1", "if-range": DATE },
      { kind: "part", start: 0, end: 2 },
    ],
    [{}, { kind: "whole" }],
  ])("%j", (request, expected) => {
    expect(selectRange(fieldsOf(request as Record_), answer, 10, NOW)).toEqual(expected);
  });
});

describe("names", () => {
  it("of answers differ wherever a part differs", () => {
    const parts = ["", "a", "1:a", "-", "a1:b", "0:"];
    const keys = parts.flatMap((route) =>
      parts.flatMap((scope) => parts.flatMap((one) => [...parts, null].map((two) => cacheKey(route, scope, one, [two])))),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("of tags come from the fields of a message", () => {
    const value = (path: readonly string[]): unknown => ({ id: "42", n: 7n, "a.b": true, empty: "" })[path.join(".")];
    const tag = (template: string) => renderTag(parseTagTemplate(template), value);
    expect([tag("user:{id}"), tag("all"), tag("{n}/{a.b}"), tag("user:{empty}"), tag("user:{none}")]).toEqual([
      "user:42",
      "all",
      "7/true",
      undefined,
      undefined,
    ]);
  });

  it("of what a cache did are those of RFC 9211", () => {
    expect(cacheStatus({ isHit: true, ttl: 30 })).toBe("tidegate; hit; ttl=30");
    expect(cacheStatus({ fwd: "stale", fwdStatus: 304, isStored: true, isCollapsed: true, detail: "x" })).toBe(
      "tidegate; fwd=stale; fwd-status=304; stored; collapsed; detail=x",
    );
  });
});

describe("what unsafe methods have changed", () => {
  it("hits what was fetched before, and nothing that was fetched after", () => {
    const invalidations = new Invalidations(10);
    expect(invalidations.covers("/a", 5)).toBe(false);
    invalidations.add("/a", 10);
    expect([
      invalidations.covers("/a", 9),
      invalidations.covers("/a", 10),
      invalidations.covers("/a", 11),
      invalidations.covers("/b", 9),
    ]).toEqual([true, true, false, false]);
  });

  it("is remembered for so many, and then holds for all that is as old", () => {
    const invalidations = new Invalidations(2);
    for (const [index, resource] of ["/a", "/b", "/c"].entries()) invalidations.add(resource, index + 1);
    expect([
      invalidations.covers("/a", 1),
      invalidations.covers("/z", 1),
      invalidations.covers("/z", 2),
      invalidations.covers("/c", 3),
    ]).toEqual([true, true, false, true]);
  });
});

it("an upstream that fails is asked after one second, then two, up to thirty", () => {
  expect([1, 2, 3, 6, 60].map(retryPauseMs)).toEqual([1_000, 2_000, 4_000, 30_000, 30_000]);
});
