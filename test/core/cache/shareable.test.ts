// Which responses may be used for other callers than the one that they were sent to.
import { describe, expect, it } from "vitest";
import { directivesOf } from "../../../core/cache/headers/directives.ts";
import { mayShareError, prohibitionOf } from "../../../core/cache/shareable.ts";
import { STORE_RULES } from "../../support/cache-rules.ts";
import { fields } from "../../support/header-fields.ts";

const NOW = Date.UTC(2026, 10, 25);
const received = (status: number, headers: Readonly<Record<string, string>>) => ({
  status,
  fields: fields(headers),
  requestedAt: NOW,
  receivedAt: NOW,
});
const prohibition = (status: number, headers: Readonly<Record<string, string>>, hasAuthorization = false): string | undefined => {
  const response = received(status, headers);
  return prohibitionOf(response, directivesOf(response.fields, ["cdn-cache-control"]).directives, hasAuthorization);
};

describe("a response is for its caller alone", () => {
  it.each([
    [206, {}, false, "partial"],
    [299, { "cache-control": "must-understand" }, false, "not-understood"],
    [500, { "cache-control": "no-store" }, false, "no-store"],
    [500, { "cache-control": "private, max-age=9" }, false, "private"],
    [500, { "cdn-cache-control": "private", "cache-control": "public" }, false, "private"],
    [500, { "set-cookie": "a=b", "cache-control": "public" }, false, "set-cookie"],
    [500, { vary: "a, *" }, false, "vary"],
    [500, { "cache-control": "max-age=9" }, true, "authorization"],
    [500, { "cache-control": "max-age=9" }, false, undefined],
    [500, { "cache-control": "public" }, true, undefined],
    [500, { "cache-control": "s-maxage=9" }, true, undefined],
    [500, { "cache-control": "must-revalidate" }, true, undefined],
  ] as const)("status %i, %o, credentials %s: %s", (status, headers, hasAuthorization, reason) => {
    expect(prohibition(status, headers as Readonly<Record<string, string>>, hasAuthorization)).toBe(reason);
  });
});

describe("an error may be shared", () => {
  const may = (headers: Readonly<Record<string, string>>, isKeyed = false, hasAuthorization = false) =>
    mayShareError(received(500, headers), STORE_RULES, { isKeyed, hasAuthorization });

  it("where it is fresh by its own words", () => {
    expect(may({ "cache-control": "max-age=1" })).toBe(true);
    expect(may({ expires: new Date(NOW + 1_000).toUTCString() })).toBe(true);
    for (const stale of ["max-age=0", "s-maxage=0, max-age=9", "max-age=x"]) expect(may({ "cache-control": stale }, true)).toBe(false);
    expect(may({ "cache-control": "max-age=9", age: "9" }, true)).toBe(false);
    expect(may({ expires: "0" }, true)).toBe(false);
  });

  it("where it says nothing, only if the upstream received nothing but what the key contains", () => {
    expect([may({}, true), may({}, false), may({}, true, true)]).toEqual([true, false, false]);
    expect(may({ "cache-control": "public" })).toBe(true);
  });

  it("never where it has to be validated with each use, or is for its caller alone", () => {
    for (const control of ["no-cache", "no-cache, max-age=9", "private", "no-store", "public, no-store"])
      expect(may({ "cache-control": control }, true)).toBe(false);
    expect(may({ "cache-control": 'no-cache="x", max-age=9' }, true)).toBe(true);
    expect([may({ "cache-control": "must-revalidate" }, true, true), may({ "cache-control": "public, max-age=9" }, true, true)]).toEqual([
      false,
      true,
    ]);
  });
});
