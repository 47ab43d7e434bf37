// What the configuration reports of an expression.
import { describe, expect, it } from "vitest";
import { compile, problemOf } from "../../../../support/expressions.ts";

describe("the configuration reports", () => {
  it.each([
    ["principal.kind ==", "1:16", "write one CEL expression"],
    ["", "1:1", "write one CEL expression"],
    ["(".repeat(2_000), "cannot be read", "write one CEL expression"],
    ["nope == 1", "the name nope, which is unknown, at 1:1", '"principal"'],
    ["true &&\n  prinzipal.id == ''", "the name prinzipal, which is unknown, at 2:3", 'write "principal"'],
    ["principal.scopes.exists(s, t == 's')", "the name t", '"principal"'],
    ["principal.scopes.exists(s, true) && s == 'a'", "the name s, which is unknown, at 1:37", '"principal"'],
    ["foo(1)", "the function foo(), which is unknown, at 1:1", "CEL specification"],
    ["principal.id.foo()", "the function foo()", "CEL specification"],
    ["message.txt == ''", "the field txt, which differential.v1.All does not have, at 1:8", 'write "text"'],
    ["message.part.nope == ''", "the field nope", "write"],
    ["has(message.nope)", "the field nope", "write"],
    ["headers.a.matches(headers.b)", "a pattern that is not constant", "write the pattern"],
    [`headers.a.matches('${"a".repeat(257)}')`, "a pattern that is not constant", "write the pattern"],
    ["headers.a.matches('(')", "a pattern that RE2 cannot read", "RE2"],
    ["headers.a.matches('(?=a)')", "a pattern that RE2 cannot read", "RE2"],
    ["principal.scopes.all(a, principal.scopes.all(b, a == b))", "within another one", "one collection at a time"],
    ["principal.scopes.map(a, [a].filter(b, b == a)).size() == 1", "within another one", "one collection at a time"],
    [`'${"a".repeat(2_047)}' == 'b'`, "an expression of 2056 bytes", "at most 2048 bytes"],
    [Array.from({ length: 60 }, () => "true").join(" && "), "nodes", "at most 100"],
  ])("%j: %s", (text, found, fix) => {
    expect(problemOf(text)).toEqual({ found: expect.stringContaining(found), fix: expect.stringContaining(fix) });
  });

  it("a message where none can be read", () => {
    const { found } = compile("message.text == ''", undefined) as { found: string };
    expect(found).toBe("message, where none is read, at 1:1");
    expect(problemOf("principal.id == 'message'", undefined)).toBeUndefined();
  });

  it("nothing for what is within its bounds", () => {
    for (const text of [
      `'${"a".repeat(2_000)}'.size() == 2000`,
      "principal.scopes.filter(a, a != '').exists(b, b == 'a')",
      `headers.a.matches('${"a".repeat(256)}')`,
      Array.from({ length: 50 }, () => "true").join(" && "),
      "type(principal.id) == string && principal.claims.exists(k, k == 'a')",
      "message.inner.deep_unknown == 1 || true",
    ])
      expect(problemOf(text)?.found.startsWith("the field") ?? true, text).toBe(true);
  });
});
