// What a template may look like, and how it is reported where it does not.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTemplate } from "../../../core/transcode/path-template.ts";

describe("parseTemplate", () => {
  it("tells which segments a variable stands for", () => {
    expect(parseTemplate("/v1/{name=publishers/*/books/*}/{a.b}:read")).toEqual({
      kind: "ok",
      template: {
        text: "/v1/{name=publishers/*/books/*}/{a.b}:read",
        segments: ["v1", "publishers", "*", "books", "*", "*"],
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
    ["/{a=**}/{b=**}", 9, 'segments after "**"'],
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

  it.each([
    ["v1", 'write "/" first'],
    ["/v1/**/x", 'make "**" the last segment: only a verb may follow it'],
    ["/v1/{}", 'name a field of the request, such as "{user.id}"'],
    ["/v1/{a}/{a}", "bind a field once"],
    ["/v1/{a={b}}", "name one field for all these segments"],
    ["/v1/", 'write a literal, "*", "**" or a variable'],
    ["/v1/{a=x", 'write "}" after its segments'],
    ["/v1/{a", 'write "}" after its segments'],
    ["/v1/a:", 'write a literal after ":", or remove the ":"'],
    ["/v1/a b", 'put "/" between segments and percent-encode other characters'],
  ])("says how to fix %j: %s", (text, fix) => {
    expect(parseTemplate(text)).toMatchObject({ kind: "invalid", fix });
  });

  it.each([
    ["/*", ["*"], []],
    ["/**", ["**"], []],
    ["/*/**", ["*", "**"], []],
    ["/{a}", ["*"], [{ field: "a", start: 0, end: 1 }]],
    ["/{a=*}", ["*"], [{ field: "a", start: 0, end: 1 }]],
    ["/{a=**}", ["**"], [{ field: "a", start: 0, end: -1 }]],
    ["/x/{a=y/**}", ["x", "y", "**"], [{ field: "a", start: 1, end: -1 }]],
    ["/{a=x}", ["x"], [{ field: "a", start: 0, end: 1 }]],
    ["/{_a1.b_2.C}/z", ["*", "z"], [{ field: "_a1.b_2.C", start: 0, end: 1 }]],
    [
      "/{a}/{b=**}",
      ["*", "**"],
      [
        { field: "a", start: 0, end: 1 },
        { field: "b", start: 1, end: -1 },
      ],
    ],
    [
      "/{a=x/*}/y/{b=*/z}",
      ["x", "*", "y", "*", "z"],
      [
        { field: "a", start: 0, end: 2 },
        { field: "b", start: 3, end: 5 },
      ],
    ],
    ["/-._~0aZ", ["-._~0aZ"], []],
    ["/!$&'()+,;=@", ["%21%24%26%27%28%29%2B%2C%3B%3D%40"], []],
  ])("reads the segments and variables of %s", (text, segments, variables) => {
    expect(parseTemplate(text)).toEqual({ kind: "ok", template: { text, segments, verb: "", variables } });
  });

  it.each([
    ["/a:b:c", "b%3Ac"],
    ["/{x}:b:c:d", "b%3Ac%3Ad"],
    ["/**:%62", "b"],
    ["/a:b%3ac", "b%3Ac"],
  ])("reads the verb of %s", (text, verb) => {
    expect(parseTemplate(text)).toMatchObject({ kind: "ok", template: { verb } });
  });

  it.each([
    ["/v1/{1a}", 6],
    ["/v1/{a..b}", 7],
    ["/v1/{a.1}", 7],
    ["/v1/{a-b}", 7],
    ["/v1/{.a}", 6],
    ["/v1/{a=x}}", 10],
    ["/v1/a}", 6],
    ["/v1/%zz", 5],
    ["/v1/世", 5],
    ["/v1/{a}{b}", 8],
    ["/v1/**x", 7],
    ["/v1/a#b", 6],
    ["/v1/a:*", 7],
  ])("refuses %j at column %i", (text, column) => {
    expect(parseTemplate(text)).toMatchObject({ kind: "invalid", column });
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
