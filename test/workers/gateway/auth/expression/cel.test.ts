// Authorization expressions: what they allow, and what they refuse.
import { create, type JsonValue, type Message } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ExpressionFacts } from "../../../../../core/auth/expression.ts";
import { All, compile, compiled, decide, items } from "../../../../support/expressions.ts";

describe("an expression", () => {
  it.each([
    "principal.kind == 'user' && principal.subject == 'sub'",
    "'a' in principal.scopes",
    "principal.scopes.exists(scope, scope == 'b')",
    "headers['x-tenant'] == 'acme'",
    "headers['x-tenant'].matches('^[a-z]+$')",
    "source.address == '192.0.2.1' && source.region == 'weur'",
    "principal.claims.level >= 3 && principal.claims.org.name == 'acme'",
    "has(principal.claims.level) && !has(principal.claims.none)",
    "message.text == 'hello' && message.i64 == 7 && message.texts.all(text, text != '')",
    "message.parts.map(part, part).size() == 0 && message.texts.filter(text, text == 'a').size() == 1",
    "message.by_text['k'] == 'v' || message.i32 > 0",
    "[1, 2].map(x, x * 2) == [2, 4]",
    "timestamp('2026-01-01T00:00:00Z') < timestamp('2027-01-01T00:00:00Z')",
  ])("allows a call where it is true: %s", (text) => {
    const claims = { level: 3, org: { name: "acme" } };
    expect(
      decide(text, { claims, message: { text: "hello", i64: "7", texts: ["a", "b"], by_text: { k: "v" } } as JsonValue }),
    ).toBeUndefined();
  });

  it.each([
    ["false", "expression_false"],
    ["principal.kind == 'agent'", "expression_false"],
    ["principal.claims.none == 1", "expression_error"],
    ["principal.plan == 'pro'", "expression_error"],
    ["headers.none == ''", "expression_error"],
    ["principal.scopes[7] == 'a'", "expression_error"],
    ["principal.subject + 1 == ''", "expression_error"],
    ["1 / 0 == 1", "expression_error"],
    ["1", "expression_not_boolean"],
    ["principal.subject", "expression_not_boolean"],
    ["null", "expression_not_boolean"],
    ["message.text == ''", "expression_message"],
  ])("refuses a call otherwise: %s is %s", (text, fault) => {
    expect(decide(text)).toBe(fault);
  });

  it("reads the message only where it names it", () => {
    expect([compiled("message.text == ''").readsMessage, compiled("'message' == headers.a").readsMessage]).toEqual([true, false]);
  });

  it("decides the same again: no evaluation leaves anything behind", () => {
    const expression = compiled("principal.claims.groups.all(group, group != 'x')");
    const facts = (groups: string[]): ExpressionFacts<Message> => ({
      principal: { kind: "user", id: "i", scopes: [], claims: { groups }, expiresAt: 0 },
      ...{ headers: new Headers(), address: null, region: "local", message: () => undefined },
    });
    const all = [["a"], items(1_001), ["x"], items(10)];
    const decisions = all.map((groups) => expression.decide(facts(groups)));
    expect(decisions).toEqual([undefined, "expression_cost", "expression_false", undefined]);
    expect(all.map((groups) => expression.decide(facts(groups)))).toEqual(decisions);
  });
});

it("throws nothing, whatever the text is, and refuses what it cannot decide", () => {
  const word = fc.constantFrom(
    ...[
      "principal",
      ".id",
      ".claims",
      "headers",
      "message",
      ".texts",
      "[0]",
      "['a']",
      "(",
      ")",
      "&&",
      "||",
      "!",
      "==",
      "'a'",
      "1",
      "?",
      ":",
    ],
    ...[
      ".all(x, ",
      ".exists(x, ",
      ".map(x, ",
      "x",
      "+",
      "size(",
      "{",
      "}",
      ",",
      "[",
      "]",
      "has(",
      "1u",
      "b'a'",
      ".matches('a')",
      "in",
      "true",
      "-",
    ],
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 14 }), (words) => {
      const expression = compile(words.join(" "), All);
      if ("fix" in expression) return;
      const fault = expression.decide({
        principal: undefined,
        headers: new Headers({ a: "b" }),
        address: null,
        region: "local",
        message: () => create(All),
      });
      expect(fault === undefined || fault.startsWith("expression_")).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});
