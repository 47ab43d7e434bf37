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

  it.each(["?a=%zz", "?%=1", "?a=%ff", "?a=%E4%B8"])("refuses the escape in %j", (query) => {
    expect(parseQuery(query)).toMatchObject({ kind: "invalid" });
  });

  it(`takes ${MAX_PARAMETERS} parameters, and not one more`, () => {
    expect(parseQuery("a=1&".repeat(MAX_PARAMETERS)).kind).toBe("ok");
    expect(parseQuery("a=1&".repeat(MAX_PARAMETERS + 1)).kind).toBe("invalid");
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
