// Conditional requests: to the upstream, and from callers.
import { describe, expect, it } from "vitest";
import { conditionalHeaders, headerOf, isNotModified, isSentWithNotModified, updatedHeaders } from "../../../core/cache/revalidation.ts";
import type { StoredResponse } from "../../../core/cache/stored-response.ts";
import { fields } from "../../support/header-fields.ts";
import { storedResponse } from "../../support/stored-response.ts";

const NOW = Date.UTC(2026, 10, 25);
const DATE = new Date(NOW - 5_000).toUTCString();
const RESPONSE: StoredResponse = storedResponse("body", NOW, {
  headers: [
    ["etag", '"a"'],
    ["x-a", "bc"],
  ],
});

describe("revalidation", () => {
  it("sends the validators that the stored response has", () => {
    expect([headerOf(RESPONSE, "x-a"), headerOf(RESPONSE, "none")]).toEqual(["bc", null]);
    expect(conditionalHeaders(RESPONSE)).toEqual([["if-none-match", '"a"']]);
    expect(conditionalHeaders({ ...RESPONSE, headers: [["last-modified", DATE]] })).toEqual([["if-modified-since", DATE]]);
    expect(conditionalHeaders({ ...RESPONSE, headers: [] })).toEqual([]);
  });

  it("updates the fields that a 304 sends, except those of the body, and drops the old date", () => {
    const stored = {
      ...RESPONSE,
      headers: [
        ["date", "old"],
        ["x-a", "1"],
        ["etag", '"a"'],
        ["content-length", "100"],
      ] as [string, string][],
    };
    const notModified: [string, string][] = [
      ["x-a", "2"],
      ["x-b", "3"],
    ];
    const body: [string, string][] = ["content-encoding", "content-length", "content-md5", "content-range", "etag"].map((name) => [
      name,
      "new",
    ]);
    expect(updatedHeaders(stored, [...notModified, ...body])).toEqual([
      ["etag", '"a"'],
      ["content-length", "100"],
      ["x-a", "2"],
      ["x-b", "3"],
    ]);
  });

  it("recognizes callers that have the response, by entity tag before date, and for status 200 only", () => {
    const isKnown = (request: Record<string, string>, response: Record<string, string>, status = 200) =>
      isNotModified(fields(request), status, fields(response), NOW);
    expect([
      isKnown({ "if-none-match": '"a"' }, { etag: '"a"' }),
      isKnown({ "if-none-match": 'W/"a"' }, { etag: '"a"' }),
      isKnown({ "if-none-match": '"b", "a"' }, { etag: 'W/"a"' }),
    ]).toEqual([true, true, true]);
    expect([
      isKnown({ "if-none-match": '"b"' }, { etag: '"a"' }),
      isKnown({ "if-none-match": '"a"' }, {}),
      isKnown({ "if-none-match": " * " }, {}),
      isKnown({ "if-none-match": '"a"' }, { etag: '"a"' }, 404),
    ]).toEqual([false, false, true, false]);
    const since = (text: string, modified = DATE) => isKnown({ "if-modified-since": text }, { "last-modified": modified });
    expect([
      since(DATE),
      since(new Date(NOW).toUTCString()),
      since(new Date(NOW - 6_000).toUTCString()),
      since("x"),
      since(DATE, "x"),
    ]).toEqual([true, true, false, false, false]);
    expect(isKnown({ "if-none-match": '"b"', "if-modified-since": DATE }, { etag: '"a"', "last-modified": DATE })).toBe(false);
    expect(isKnown({}, { etag: '"a"' })).toBe(false);
    expect(["content-length", "content-encoding", "content-type", "content-range", "etag"].map(isSentWithNotModified)).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  it("recognizes a quoted comma, a weak tag and the date of the response", () => {
    const response = fields({ etag: 'W/"a,b"', "last-modified": DATE });
    const knows = (request: Readonly<Record<string, string>>, status = 200) => isNotModified(fields(request), status, response, NOW);
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
