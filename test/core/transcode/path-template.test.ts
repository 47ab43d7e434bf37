// What a template may look like, and how it is told where it does not.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTemplate } from "../../../core/transcode/path-template.ts";

describe("parseTemplate", () => {
  it("tells which segments a variable stands for", () => {
    expect(parseTemplate("/v1/{name=shelves/*/books/*}/{a.b}:read")).toEqual({
      kind: "ok",
      template: {
        text: "/v1/{name=shelves/*/books/*}/{a.b}:read",
        segments: ["v1", "shelves", "*", "books", "*", "*"],
        verb: "read",
        variables: [
          { field: "name", start: 1, end: 5 },
          { field: "a.b", start: 5, end: 6 },
        ],
      },
    });
  });

  it.each([
    ["/foo%2fbar/%2A/%2A%2a/{rest=%2A%2a/**}:%2c", ["foo%2Fbar", "%2A", "%2A%2A", "%2A%2A", "**"], "%2C"],
    ["/%62ar/a~b", ["bar", "a~b"], ""],
    ["/$batch/a@b,c:x=y", ["%24batch", "a%40b%2Cc"], "x%3Dy"],
  ])("brings the literals of %s to one form", (text, segments, verb) => {
    expect(parseTemplate(text)).toMatchObject({ kind: "ok", template: { segments, verb } });
  });

  it.each([
    ["", 1, "a template starts with a slash"],
    ["v1/users", 1, "a template starts with a slash"],
    ["/", 2, "no segment"],
    ["/v1/", 5, "no segment"],
    ["/v1//x", 5, "no segment"],
    ["/v1/{id", 8, 'variable "id" is not closed'],
    ["/v1/{id/x}", 8, 'variable "id" is not closed'],
    ["/v1/{id=}", 9, "no segment"],
    ["/v1/{}", 6, "a variable without a field"],
    ["/v1/{a.}", 7, 'variable "a" is not closed'],
    ["/v1/{a={b}}", 8, "a variable within a variable"],
    ["/v1/{a=x/{b}}", 10, "a variable within a variable"],
    ["/v1/{a}/{a}", 11, '"a" for the second time'],
    ["/v1/**/x", 8, 'segments after "**"'],
    ["/v1/{a=**}/{b}", 12, 'segments after "**"'],
    ["/v1/***", 7, 'unexpected "*"'],
    ["/v1/a*", 6, 'unexpected "*"'],
    ["/v1/a{b}", 6, 'unexpected "{"'],
    ["/v1/{b}a", 8, 'unexpected "a"'],
    ["/v1/a%2", 6, 'unexpected "%"'],
    ["/v1/a b", 6, 'unexpected " "'],
    ["/v1/a?b", 6, 'unexpected "?"'],
    ["/v1/a:", 7, "no verb"],
    ["/v1/a:b/c", 8, 'unexpected "/"'],
    ["/v1/a:b:", 9, "no verb"],
    ["/v1/a:b::c", 9, "no verb"],
    ["/v1/{a=x:y}", 9, 'variable "a" is not closed'],
  ])("refuses %j at column %i: %s", (text, column, problem) => {
    expect(parseTemplate(text)).toMatchObject({ kind: "invalid", column, problem });
  });

  it("answers anything at all with a template or a problem that lies within it", () => {
    const tricky = fc.string({ unit: fc.constantFrom("/", "{", "}", "=", "*", ":", "a", ".", "%", "2", "F", "?", "世") });
    fc.assert(
      fc.property(fc.oneof(tricky, fc.string()), (text) => {
        const parsed = parseTemplate(text);
        if (parsed.kind === "invalid") expect(parsed.column).toBeLessThanOrEqual(text.length + 1);
        else expect(parsed.template.segments.slice(0, -1)).not.toContain("**");
      }),
    );
  });
});
