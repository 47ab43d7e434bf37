import { describe, expect, it } from "vitest";
import { MAX_KEY_LENGTH, readIdempotencyKey } from "../../../core/idempotency/key-header.ts";

const LONGEST = "x".repeat(MAX_KEY_LENGTH);

describe("the field Idempotency-Key", () => {
  it.each([
    ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"],
    ['  "k"  ', "k"],
    ['"a \\"b\\" \\\\c"', 'a "b" \\c'],
    ['"k";later=1', "k"], // parameters are ignored (RFC 9651, section 2)
    [`"${LONGEST}"`, LONGEST],
    [`"${"\\\\".repeat(MAX_KEY_LENGTH)}"`, "\\".repeat(MAX_KEY_LENGTH)],
  ])("%s is a key", (text, value) => {
    expect(readIdempotencyKey(text)).toEqual({ kind: "key", value });
  });

  it.each([
    ["", "not one string"],
    ["k", "not one string"],
    ["42", "not one string"],
    ["8e03978e-40d5-43dd-bc93-6894a57f9324", "not one string"],
    [":YWJj:", "not one string"],
    ["?1", "not one string"],
    ['"a", "b"', "not one string"], // two lines of the field
    ['("a")', "not one string"],
    ['"a', "not one string"],
    ['"é"', "not one string"],
    ['""', "is empty"],
    [`"${LONGEST}x"`, "has 256 characters"],
    [`"${"x".repeat(100_000)}"`, "has 100002 characters"],
  ])("%j is none", (text, problem) => {
    expect(readIdempotencyKey(text)).toMatchObject({ kind: "invalid", problem: expect.stringContaining(problem) });
  });

  it.each([
    ["8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"],
    ["42", "42"],
    ["YWJj+/==", "YWJj+/=="],
    ['"k"', "k"],
  ])("%s is a key where values without quotes are accepted", (text, value) => {
    expect(readIdempotencyKey(text, true)).toEqual({ kind: "key", value });
  });

  it.each(["a b", "a, b", "", "x".repeat(256)])("%j is none either way", (text) => {
    expect(readIdempotencyKey(text, true).kind).toBe("invalid");
  });
});
