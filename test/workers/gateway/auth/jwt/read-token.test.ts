// The strict reader of tokens: one text, one token.
import { describe, expect, it } from "vitest";
import { isCompactToken, readToken } from "../../../../../workers/gateway/auth/jwt/read-token.ts";

const part = (text: string | Uint8Array) => Buffer.from(text as string).toString("base64url");
const token = (header: string, payload: string, signature = "AA") => `${part(header)}.${part(payload)}.${signature}`;

it("reads header and payload", () => {
  const read = readToken(token('{"alg":"ES256"}', '{"sub":"ad\u00e4"}'));
  expect(read).toEqual({ header: { alg: "ES256" }, payload: { sub: "ad\u00e4" } });
});

it.each([
  ["a.b.c", true],
  ["a.b.", true],
  ["a-_.b.c", true],
  ["a.b", false],
  ["a.b.c.d", false],
  [".b.c", false],
  ["a..c", false],
  ["a.b.c=", false],
  ["a.b+.c", false],
  ["a.b.c\n", false],
  ["a .b.c", false],
  ["", false],
])("takes %j for a token: %j", (text, isOne) => expect(isCompactToken(text)).toBe(isOne));

describe("refuses", () => {
  const twice = (name: string) => `{"${name}":1,"${name}":2}`;

  it.each([
    ["a header that names a member twice", token(twice("alg"), "{}")],
    ["a payload that names a member twice", token("{}", twice("sub"))],
    ["a member twice, in two spellings", token("{}", '{"sub":1,"s\\u0075b":2}')],
    ["a header that is no object", token("[]", "{}")],
    ["a payload that is no object", token("{}", "null")],
    ["text that is no JSON", token("{", "{}")],
    ["JSON after a byte order mark", token("\ufeff{}", "{}")],
    ["bytes that are no UTF-8", `${Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString("base64url")}.${part("{}")}.AA`],
    ["objects within one another, more than 32", token("{}", `${'{"a":'.repeat(33)}1${"}".repeat(33)}`)],
    ["a part of an impossible length", `${part("{}")}.${part("{}")}.AAAAA`],
  ])("%s", (_, text) => expect(readToken(text)).toBeUndefined());

  it("another spelling of the same bytes, in each part", () => {
    // `{}` is "e30": the last character has 2 bits that do not count. A signature of one byte has 4.
    expect(readToken("e30.e30.AA")).toBeDefined();
    for (const spelled of ["e31.e30.AA", "e30.e31.AA", "e30.e30.AB", "e30.e30.AP", "e30.e30.AAB", "e30.e30.AAC"])
      expect(readToken(spelled)).toBeUndefined();
    for (const other of ["e30.e30.AQ", "e30.e30.AAE", "e30.e30.AAAA"]) expect(readToken(other)).toBeDefined();
  });
});
