// Values of header fields: what may be written, and what is sent for a call.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bindValue, type CallFact, factsIn, parseTemplate, secretsIn, valueFor } from "../../../core/header-edits/value-template.ts";

function templateOf(text: string) {
  const parsed = parseTemplate(text);
  if (parsed.kind === "invalid") throw new Error(parsed.fix);
  return parsed.template;
}

const sent = (text: string, facts: Partial<Record<CallFact, string>> = {}) =>
  valueFor(
    bindValue(templateOf(text), (name) => `<${name}>`),
    (fact) => facts[fact],
  );

describe("parseTemplate", () => {
  it.each([
    ["nothing", ""],
    ["a space at the start", " a"],
    ["a space at the end", "a "],
    ["a line end", "a\r\nb"],
    ["a line feed", "a\nb"],
    ["a tab", "a\tb"],
    ["a zero byte", "a\0b"],
    ["another script", "caf\u00e9"],
    ["1,025 characters", "x".repeat(1_025)],
    ["a brace that opens alone", "a{b"],
    ["a brace that closes alone", "a}b"],
    ["an empty placeholder", "{}"],
    ["an unknown placeholder", "{request.path}"],
    ["a placeholder in another case", "{Request.Id}"],
    ["a secret whose name is not for upstreams", "{secret.ADMIN_SECRET}"],
    ["nine placeholders", "{request.id}".repeat(9)],
  ])("refuses %s", (_, text) => {
    expect(parseTemplate(text).kind).toBe("invalid");
  });

  it.each([
    ["1,024 characters", "x".repeat(1_024)],
    ["text with spaces", "max-age=0, must-revalidate"],
    ["eight placeholders", "{request.id}".repeat(8)],
  ])("accepts %s", (_, text) => {
    expect(parseTemplate(text).kind).toBe("ok");
  });

  it("names the facts and the secrets of a value", () => {
    const template = templateOf("{secret.UPSTREAM_KEY} {auth.plan}{{x}}");
    expect([secretsIn(template), factsIn(template)]).toEqual([["UPSTREAM_KEY"], ["auth.plan"]]);
  });
});

describe("valueFor", () => {
  it.each([
    { text: "static", want: "static" },
    { text: '{{"group":"a"}}', want: '{"group":"a"}' },
    { text: "{{{request.id}}}", facts: { "request.id": "r1" }, want: "{r1}" },
    { text: "Bearer {secret.UPSTREAM_TOKEN}", want: "Bearer <UPSTREAM_TOKEN>" },
    {
      text: "for={client.address};id={request.id}",
      facts: { "client.address": "2001:db8::1", "request.id": "r1" },
      want: "for=2001:db8::1;id=r1",
    },
    { text: "{auth.principal}", facts: { "auth.principal": "https://issuer.example#user|1" }, want: "https://issuer.example#user|1" },
    { text: "{auth.subject}", facts: { "auth.subject": "a, admin" }, want: "a%2C%20admin" },
    { text: "{auth.subject}", facts: { "auth.subject": 'a";b\\%' }, want: "a%22%3Bb%5C%25" },
    { text: "{auth.subject}", facts: { "auth.subject": "a\r\nx-admin: 1" }, want: "a%0D%0Ax-admin:%201" },
    { text: "{auth.subject}", facts: { "auth.subject": "caf\u00e9 \u{1f600}" }, want: "caf%C3%A9%20%F0%9F%98%80" },
    { text: "{auth.subject}", facts: { "auth.subject": "half\ud83d" }, want: "half%EF%BF%BD" },
    { text: "user {auth.subject}", facts: {}, want: undefined },
    { text: "user {auth.subject}", facts: { "auth.subject": "" }, want: undefined },
  ])("sends $want for $text", ({ text, facts, want }) => {
    expect(sent(text, facts)).toBe(want);
  });

  it("is one text where nothing depends on the call, so that nothing is rendered", () => {
    expect(bindValue(templateOf("a {{b}} {secret.UPSTREAM_A}"), () => "c")).toBe("a {b} c");
  });

  it("lets no fact add a field, a list member, a parameter or a quote, and can be decoded", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" })), (fact) => {
        const value = sent("x-{auth.subject}-y", { "auth.subject": fact });
        fc.pre(value !== undefined); // the empty text
        expect(value).toMatch(/^x-[\x21-\x7e]+-y$/);
        expect(value!.slice(2, -2)).not.toMatch(/[,;"\\<>^`{}\s]/);
        expect(decodeURIComponent(value!)).toBe(`x-${fact.toWellFormed()}-y`);
      }),
    );
  });
});
