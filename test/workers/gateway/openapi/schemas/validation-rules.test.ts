import { expect, it } from "vitest";
import { book } from "../../../../openapi/library.ts";

it.each([
  ["title", { minLength: 1, maxLength: 200 }],
  ["pages", { minimum: 1, exclusiveMaximum: 10000 }],
  ["copies", { "x-minimum": "0" }], // a 64-bit integer is a string, to which "minimum" does not apply
  ["sequels", { maxItems: 5 }],
  ["ownerMail", { format: "email" }],
])("translates the protovalidate rules of %s", (name, expected) => {
  expect(book.properties[name]).toMatchObject(expected);
});

it("requires the fields that a rule requires", () => {
  expect(book.required).toContain("title");
});
