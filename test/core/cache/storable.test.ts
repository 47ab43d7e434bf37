// Which responses are stored, with which fields, times and tags: RFC 9111, section 3.
import { describe, expect, it } from "vitest";
import { adaptedLifetimeMs } from "../../../core/cache/adaptive-lifetime.ts";
import { decideStorage, type StoreContext, type StoreRules } from "../../../core/cache/storable.ts";
import type { StoredResponse } from "../../../core/cache/stored-response.ts";
import { STORE_RULES } from "../../support/cache-rules.ts";
import { fields } from "../../support/header-fields.ts";

const NOW = Date.UTC(2026, 10, 25);
const httpDate = (ms: number): string => new Date(ms).toUTCString();
const CONTEXT: StoreContext = { hasAuthorization: false, unchangedCount: 0, route: "r", tags: ["t"], purgeSeq: 9 };
const store = (
  headers: Readonly<Record<string, string>>,
  status = 200,
  context: Partial<StoreContext> = {},
  rules: Partial<StoreRules> = {},
) =>
  decideStorage(
    { status, fields: fields(headers), requestedAt: NOW - 40, receivedAt: NOW },
    Object.entries(headers),
    new Uint8Array(3),
    { ...CONTEXT, ...context },
    { ...STORE_RULES, ttlMs: 60_000, ...rules },
    0,
  );
const stored = (...args: Parameters<typeof store>): StoredResponse => {
  const decision = store(...args);
  if (decision.kind !== "stored") throw new Error(`refused: ${decision.reason}`);
  return decision.stored;
};
const decision = (...args: Parameters<typeof store>): string => {
  const decided = store(...args);
  return decided.kind === "refused" ? decided.reason : "stored";
};

describe("storing", () => {
  it("is refused where the response, its status or its caller forbids it", () => {
    expect([decision({}, 199), decision({}, 206), decision({}, 304)]).toEqual(["partial", "partial", "partial"]);
    expect(decision({ "cache-control": "no-store" })).toBe("no-store");
    expect(decision({ "cache-control": "private" })).toBe("private");
    expect(decision({ "cache-control": 'private="x"' })).toBe("stored");
    expect(decision({ "set-cookie": "a=b" })).toBe("set-cookie");
    expect([decision({ vary: "*" }), decision({ vary: "a, *" }), decision({ vary: "a" })]).toEqual(["vary", "vary", "stored"]);
    expect(decision({}, 200, { hasAuthorization: true })).toBe("authorization");
    for (const allowed of ["public", "s-maxage=1", "must-revalidate"])
      expect(decision({ "cache-control": allowed }, 200, { hasAuthorization: true })).toBe("stored");
    expect(decision({ "cache-control": "max-age=0" })).toBe("not-fresh");
    expect(decision({ "cache-control": "must-understand, max-age=9" }, 299)).toBe("not-understood");
    for (const status of [200, 308, 400, 417, 422, 451, 500, 505])
      expect(decision({ "cache-control": "must-understand, max-age=9" }, status, {}, { storeErrors: true })).toBe("stored");
    for (const status of [418, 506])
      expect(decision({ "cache-control": "must-understand, max-age=9" }, status, {}, { storeErrors: true })).toBe("not-understood");
  });

  it("is refused for errors, except lasting ones, and those that state a lifetime where the route stores errors", () => {
    const lifetime = { "cache-control": "max-age=9" };
    for (const status of [404, 405, 410, 414, 501]) expect(decision(lifetime, status)).toBe("stored");
    for (const status of [400, 403, 500, 503]) {
      expect(decision(lifetime, status)).toBe("error");
      expect(decision(lifetime, status, {}, { storeErrors: true })).toBe("stored");
      expect(decision({}, status, {}, { storeErrors: true })).toBe("error");
    }
    expect(decision(lifetime, 399)).toBe("stored");
    const open = { "cache-control": "public", etag: '"a"' };
    for (const status of [400, 500]) {
      expect([decision(open, status, {}, { storeErrors: true }), decision(open, status)]).toEqual(["stored", "error"]);
      expect(decision({ etag: '"a"' }, status, {}, { storeErrors: true })).toBe("error");
    }
  });

  it("has the times of its lifetime, and an hour more where it can be revalidated", () => {
    const rules = { staleWhileRevalidateMs: 5, staleIfErrorMs: 7 };
    expect(stored({}, 200, {}, rules)).toMatchObject({
      ...{ status: 200, storedAt: NOW, generatedAt: NOW - 40, fetchMs: 40, route: "r", purgeSeq: 9, unchangedCount: 0 },
      ...{ freshUntil: NOW + 59_960, staleUntil: NOW + 59_965, staleIfErrorUntil: NOW + 59_967, revalidatableUntil: 0 },
    });
    const isoDate = httpDate(NOW - 99_000);
    expect(stored({ etag: '"a"' })).toMatchObject({ revalidatableUntil: NOW + 59_960 + 3_600_000 });
    expect(stored({ "last-modified": isoDate })).toMatchObject({ revalidatableUntil: NOW + 59_960 + 3_600_000 });
    expect(stored({ etag: '"a"', "cache-control": "no-cache" })).toMatchObject({
      freshUntil: NOW - 40,
      revalidatableUntil: NOW + 3_600_000,
    });
  });

  it("loses fields that are for one call, one origin or one caller", () => {
    const names = stored({
      ...{ age: "1", "cache-status": "x", "x-request-id": "x", "proxy-authentication-info": "x", ratelimit: "x", "ratelimit-policy": "x" },
      ...{
        "cache-tag": "a",
        "access-control-allow-origin": "*",
        "timing-allow-origin": "*",
        "x-stored": "1",
        "x-private": "1",
        "x-fresh": "1",
      },
      "cache-control": 'private="x-private", no-cache="X-Fresh", max-age=9',
    }).headers.map(([name]) => name);
    expect(names).toEqual(["x-stored", "cache-control"]);
  });

  it("has the tags of its route and those that it names, without duplicates, at most 64", () => {
    expect(stored({ "cache-tag": "a,b  t c" }).tags).toEqual(["t", "a", "b", "c"]);
    expect(stored({}).tags).toEqual(["t"]);
    expect(stored({ "cache-tag": `${"x".repeat(256)} ${"y".repeat(257)}` }).tags).toEqual(["t", "x".repeat(256)]);
    expect(stored({ "cache-tag": Array.from({ length: 99 }, (_, n) => `n${n}`).join(" ") }).tags).toHaveLength(64);
    expect(stored({ "surrogate-key": "z" }, 200, {}, { tagHeader: "surrogate-key" }).tags).toEqual(["t", "z"]);
  });

  it("is fresh for longer the more revalidations found it unchanged", () => {
    const adaptive = { maxFactor: 8, maxMs: 1e9 };
    expect(stored({}, 200, { unchangedCount: 2 }, { adaptive }).freshUntil - (NOW - 40)).toBe(adaptedLifetimeMs(60_000, 2, adaptive));
    expect(adaptedLifetimeMs(60_000, 2, adaptive)).toBeGreaterThan(60_000);
    expect(stored({}, 200, { unchangedCount: 2 }).freshUntil - (NOW - 40)).toBe(60_000);
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
  ])("%j %j is refused: %s", (headers, { status = 200, ...context }: { status?: number; hasAuthorization?: boolean }, reason) => {
    expect(store(headers as Readonly<Record<string, string>>, status, context, { ttlMs: 0 })).toEqual({ kind: "refused", reason });
  });

  it("stores a response that is stale at once where it can be revalidated", () => {
    const headers = { "last-modified": "Wed, 01 Jan 2020 00:00:00 GMT" };
    expect(stored(headers, 201)).toMatchObject({ freshUntil: NOW - 40, revalidatableUntil: NOW + 3_600_000 });
  });

  it("uses the operator's lifetime, shortened at random, and never stores what no-store forbids", () => {
    const rules = { ttlMs: 100_000, jitterPercent: 10, override: true };
    const seconds = (headers: Readonly<Record<string, string>>) => (stored(headers, 200, {}, rules).freshUntil - (NOW - 40)) / 1_000;
    expect([seconds({}), seconds({ "cache-control": "max-age=5" })]).toEqual([100, 100]);
    expect(decision({ "cache-control": "no-store" }, 200, {}, rules)).toBe("no-store");
    expect(decision({}, 302, {}, rules)).toBe("not-fresh");
  });
});
