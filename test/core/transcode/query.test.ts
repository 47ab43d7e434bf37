// Names and values of a query, decoded once.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_PARAMETERS, parseQuery } from "../../../core/transcode/query.ts";

describe("parseQuery", () => {
  it.each([
    ["", []],
    ["?", []],
    [
      "?a=1&b=2&a=3",
      [
        ["a", "1"],
        ["b", "2"],
        ["a", "3"],
      ],
    ],
    ["a=1", [["a", "1"]]],
    [
      "?a&b=",
      [
        ["a", ""],
        ["b", ""],
      ],
    ],
    ["?&&a=1&", [["a", "1"]]],
    ["?=1", [["", "1"]]],
    ["?a=b=c;d", [["a", "b=c;d"]]],
    ["?a+b=c+d%2B%20", [["a b", "c d+ "]]],
    ["?%E4%B8%96=%26%3D", [["世", "&="]]],
  ])("reads %j", (query, pairs) => {
    expect(parseQuery(query)).toEqual({ kind: "ok", pairs });
  });

  it.each([
    ["?a=%zz", "a=%zz"],
    ["?%=1", "%=1"],
    ["?a=%ff", "a=%ff"],
    ["?a=%E4%B8", "a=%E4%B8"],
    ["?a=1&b+%&c=2", "b+%"],
    [`a=${"x".repeat(200)}%`, `a=${"x".repeat(98)}`],
  ])("refuses the escape in %j and names its parameter, at most 100 characters of it", (query, text) => {
    expect(parseQuery(query)).toEqual({ kind: "invalid", problem: `query has a malformed escape in "${text}"` });
  });

  it("takes a second question mark for data", () => {
    expect(parseQuery("??a=1?")).toEqual({ kind: "ok", pairs: [["?a", "1?"]] });
  });

  it(`takes ${MAX_PARAMETERS} parameters, and not one more`, () => {
    expect(parseQuery("a=1&".repeat(MAX_PARAMETERS)).kind).toBe("ok");
    expect(parseQuery("a=1&".repeat(MAX_PARAMETERS + 1))).toEqual({ kind: "invalid", problem: "query has more than 1000 parameters" });
    expect(parseQuery(`&&${"a=1&".repeat(MAX_PARAMETERS)}&&`).kind).toBe("ok"); // empty ones do not count
  });

  it("reads what the URL standard reads, where that has no malformed escapes to guess at", () => {
    fc.assert(
      fc.property(fc.webQueryParameters(), (query) => {
        const parsed = parseQuery(query);
        if (parsed.kind === "ok") expect(parsed.pairs).toEqual([...new URLSearchParams(query)]);
      }),
    );
  });

  it("answers anything at all", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (query) => void parseQuery(query)));
  });
});
