// Ranges of a stored response, and If-Range.
import { describe, expect, it } from "vitest";
import { selectRange } from "../../../../core/cache/headers/range.ts";
import { fields } from "../../../support/header-fields.ts";

const NOW = Date.UTC(2026, 10, 25);
const DATE = new Date(NOW - 5_000).toUTCString();

describe("selectRange", () => {
  const range = (text: string, request: Record<string, string> = {}, response: Record<string, string> = {}) =>
    selectRange(fields({ range: text, ...request }), fields(response), 100, NOW);
  const part = (start: number, end: number) => ({ kind: "part", start, end });

  it.each([
    ["bytes=0-9", part(0, 10)],
    ["bytes=90-", part(90, 100)],
    ["bytes=-5", part(95, 100)],
    ["bytes=-500", part(0, 100)],
    ["bytes=50-500", part(50, 100)],
    ["BYTES= 0-0 ", part(0, 1)],
    ["bytes=99-99", part(99, 100)],
    ["bytes=100-", { kind: "unsatisfiable" }],
    ["bytes=-0", { kind: "unsatisfiable" }],
    ["bytes=9-8", { kind: "whole" }],
    ["bytes=9-9", part(9, 10)],
    ["bytes=0-1,5-6", { kind: "whole" }],
    ["items=0-1", { kind: "whole" }],
    ["bytes=-", { kind: "whole" }],
    ["kilobytes=0-9", { kind: "whole" }],
    [" bytes=0-9", { kind: "whole" }],
    ["bytes=0-9x", { kind: "whole" }],
  ])("of %s selects %j", (text, want) => expect(range(text)).toEqual(want));

  it("requires the response that If-Range names", () => {
    const is = (ifRange: string, response: Record<string, string>) => range("bytes=0-9", { "if-range": ifRange }, response).kind;
    expect([is('"a"', { etag: '"a"' }), is('"b"', { etag: '"a"' }), is('W/"a"', { etag: 'W/"a"' })]).toEqual(["part", "whole", "whole"]);
    expect([
      is(DATE, { "last-modified": DATE }),
      is(DATE, { "last-modified": new Date(NOW).toUTCString() }),
      is("x", { "last-modified": "x" }),
    ]).toEqual(["part", "whole", "whole"]);
    expect(selectRange(fields({}), fields({}), 100, NOW)).toEqual({ kind: "whole" });
  });
});
