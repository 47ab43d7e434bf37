import { describe, expect, it } from "vitest";
import { nullable, positiveUpTo } from "../../../../../workers/gateway/openapi/schemas/values.ts";
import { book } from "../../../../openapi/library.ts";

describe("patterns of integers", () => {
  it.each([
    ["2147483647", true],
    ["-2147483648", true],
    ["2147483648", false],
    ["-2147483649", false],
    ["0", true],
    ["01", false],
    ["9999999999", false],
    ["1000000000", true],
    ["2099999999", true],
  ])("match int32: %s is one: %s", (text, isOne) => {
    expect(new RegExp(book.properties.votes.propertyNames.pattern).test(text)).toBe(isOne);
  });

  it.each([
    ["9223372036854775807", true],
    ["-9223372036854775808", true],
    ["9223372036854775808", false],
    ["-9223372036854775809", false],
    ["9199999999999999999", true],
    ["99999999999999999999", false],
  ])("match int64: %s is one: %s", (text, isOne) => {
    expect(new RegExp(book.properties.copies.pattern).test(text)).toBe(isOne);
  });

  it.each([9, 10, 42, 100, 257])("match the numbers from 1 to %i", (largest) => {
    const pattern = new RegExp(`^${positiveUpTo(String(largest))}$`);
    const matched = Array.from({ length: 1_200 }, (_, number) => number).filter((number) => pattern.test(String(number)));
    expect(matched).toEqual(Array.from({ length: largest }, (_, index) => index + 1));
  });
});

describe("nullable", () => {
  it.each([
    [{ type: "string" }, { type: ["string", "null"] }],
    [{ $ref: "#/x" }, { anyOf: [{ $ref: "#/x" }, { type: "null" }] }],
    [{ anyOf: [{ type: "string" }] }, { anyOf: [{ type: "string" }, { type: "null" }] }],
  ])("allows null besides %j", (schema, expected) => {
    expect(nullable(schema)).toEqual(expected);
  });
});
