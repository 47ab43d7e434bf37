// Freshness: each rule of RFC 9111, section 4.2, at its bound.
import { describe, expect, it } from "vitest";
import { type LifetimeRules, lifetimeOf, type ReceivedResponse } from "../../../core/cache/freshness.ts";
import { parseCacheControl } from "../../../core/cache/headers/directives.ts";
import { LIFETIME_RULES } from "../../support/cache-rules.ts";
import { fields } from "../../support/header-fields.ts";

const NOW = Date.UTC(2026, 10, 25);
const httpDate = (ms: number): string => new Date(ms).toUTCString();
const lifetime = (
  headers: Record<string, string>,
  rules: Partial<LifetimeRules> = {},
  more: Partial<ReceivedResponse> = {},
  isTargeted = false,
  random = 0,
) =>
  lifetimeOf(
    { status: 200, fields: fields(headers), requestedAt: NOW, receivedAt: NOW, ...more },
    parseCacheControl(headers["cache-control"] ?? null),
    isTargeted,
    { ...LIFETIME_RULES, ...rules },
    random,
  );

describe("the lifetime of a response", () => {
  it("is the one that it states: s-maxage before max-age before Expires", () => {
    expect(lifetime({ "cache-control": "max-age=60" })).toEqual({
      generatedAt: NOW,
      freshMs: 60_000,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      isExplicit: true,
    });
    expect(lifetime({ "cache-control": "max-age=60, s-maxage=90" }).freshMs).toBe(90_000);
    const expires = { expires: httpDate(NOW + 30_000), date: httpDate(NOW - 10_000) };
    expect(lifetime(expires).freshMs).toBe(40_000);
    expect(lifetime({ ...expires, "cache-control": "max-age=5" }).freshMs).toBe(5_000);
    expect(lifetime({ expires: "0" }).freshMs).toBe(0);
    expect(lifetime({ expires: "0" }).isExplicit).toBe(true);
    expect(lifetime(expires, { ttlMs: 7_000 }, {}, true).freshMs).toBe(7_000); // Expires is ignored beside directives for this cache alone
    expect(lifetime({}).isExplicit).toBe(false);
  });

  it("is the operator's where it states none or where that overrides it, and 0 with no-cache", () => {
    expect(lifetime({}, { ttlMs: 7_000 }).freshMs).toBe(7_000);
    expect(lifetime({ "cache-control": "max-age=60" }, { ttlMs: 7_000 }).freshMs).toBe(60_000);
    expect(lifetime({ "cache-control": "max-age=60" }, { ttlMs: 7_000, override: true }).freshMs).toBe(7_000);
    expect(lifetime({ "cache-control": "no-cache" }, { ttlMs: 7_000, override: true }).freshMs).toBe(0);
    expect(lifetime({ "cache-control": 'no-cache="a"' }, { ttlMs: 7_000 }).freshMs).toBe(7_000);
  });

  it("is shortened at random, at most by the jitter", () => {
    const rules = { ttlMs: 1_000, negativeTtlMs: 500, jitterPercent: 10 };
    expect([0, 0.5, 1].map((random) => lifetime({}, rules, {}, false, random).freshMs)).toEqual([1_000, 950, 900]);
    expect(lifetime({}, rules, { status: 404 }, false, 1).freshMs).toBe(450);
  });

  it("depends on the status: 404 and 410 have one of their own, other errors none", () => {
    const rules = { ttlMs: 1_000, negativeTtlMs: 500 };
    const freshMs = (status: number, more: Partial<LifetimeRules> = {}) => lifetime({}, { ...rules, ...more }, { status }).freshMs;
    expect([200, 203, 204, 300, 301, 308].map((status) => freshMs(status))).toEqual(Array(6).fill(1_000));
    expect([404, 410].map((status) => freshMs(status))).toEqual([500, 500]);
    expect([201, 302, 307, 405, 414, 500, 501].map((status) => freshMs(status))).toEqual(Array(7).fill(0));
    expect([404, 410].map((status) => freshMs(status, { negativeTtlMs: 0 }))).toEqual([0, 0]);
  });

  it("is derived from Last-Modified, for at most a day, where the status or the response allows it", () => {
    const rules = { heuristicPercent: 10 };
    const modified = (agoMs: number) => ({ "last-modified": httpDate(NOW - agoMs) });
    expect(lifetime(modified(100_000), rules).freshMs).toBe(10_000);
    expect(lifetime(modified(100_000)).freshMs).toBe(0);
    expect(lifetime(modified(1e10), rules).freshMs).toBe(86_400_000);
    expect(lifetime(modified(0), rules).freshMs).toBe(0);
    expect(lifetime({}, rules).freshMs).toBe(0);
    for (const status of [203, 204, 300, 301, 308, 404, 405, 410, 414, 501])
      expect(lifetime(modified(100_000), rules, { status }).freshMs).toBe(10_000);
    for (const status of [201, 302, 403, 500]) {
      expect(lifetime(modified(100_000), rules, { status }).freshMs).toBe(0);
      expect(lifetime({ ...modified(100_000), "cache-control": "public" }, rules, { status }).freshMs).toBe(10_000);
    }
    expect(lifetime({ ...modified(100_000), date: httpDate(NOW - 50_000) }, rules).freshMs).toBe(5_000);
  });

  it("counts from the generation of the response: by Date, by Age and by the time of the transfer", () => {
    const age = (headers: Record<string, string>, tookMs = 0) => NOW - lifetime(headers, {}, { requestedAt: NOW - tookMs }).generatedAt;
    expect(age({})).toBe(0);
    expect(age({ date: httpDate(NOW - 30_000) })).toBe(30_000);
    expect(age({ date: httpDate(NOW + 30_000) })).toBe(0);
    expect(age({ age: "20" }, 3_000)).toBe(23_000);
    expect(age({ age: "20", date: httpDate(NOW - 60_000) }, 3_000)).toBe(60_000);
    expect(age({}, 3_000)).toBe(3_000);
    for (const [text, want] of [
      ["7, 99", 7],
      [" 5 ", 5],
      ["x", 0],
      ["1.5", 0],
      ["-1", 0],
      ["", 0],
      ["99999999999", 2_147_483_648],
    ] as const)
      expect(age({ age: text })).toBe(want * 1_000);
  });

  it("is followed by times in which the response may be served stale: its own or the operator's, unless it forbids that", () => {
    const rules = { ttlMs: 1_000, staleWhileRevalidateMs: 20, staleIfErrorMs: 30 };
    expect(lifetime({}, rules)).toMatchObject({ staleWhileRevalidateMs: 20, staleIfErrorMs: 30 });
    expect(lifetime({ "cache-control": "stale-while-revalidate=5, stale-if-error=2" }, rules)).toMatchObject({
      staleWhileRevalidateMs: 5_000,
      staleIfErrorMs: 5_000,
    });
    expect(lifetime({ "cache-control": "stale-while-revalidate=5, stale-if-error=9" }, rules)).toMatchObject({
      staleWhileRevalidateMs: 5_000,
      staleIfErrorMs: 9_000,
    });
    for (const forbids of ["must-revalidate", "proxy-revalidate", "s-maxage=1"])
      expect(lifetime({ "cache-control": `${forbids}, stale-while-revalidate=5, stale-if-error=2` }, rules)).toMatchObject({
        staleWhileRevalidateMs: 0,
        staleIfErrorMs: 0,
      });
    expect(lifetime({ "cache-control": "no-cache, stale-if-error=9" }, rules)).toMatchObject({
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
    });
    expect(lifetime({ "cache-control": "max-age=0" }, rules)).toMatchObject({ staleWhileRevalidateMs: 0, staleIfErrorMs: 30 });
    expect(lifetime({}, { ...rules, negativeTtlMs: 9 }, { status: 404 })).toMatchObject({
      freshMs: 9,
      staleWhileRevalidateMs: 20,
      staleIfErrorMs: 20,
    });
  });
});
