import { describe, expect, it } from "vitest";
import { book, type Document } from "../../../../openapi/library.ts";

describe("schemas of fields", () => {
  it.each<[string, Document]>([
    ["copies", { type: "string", format: "int64", "x-minimum": "0" }],
    ["pages", { type: "integer", format: "uint32", minimum: 1, exclusiveMaximum: 10000 }],
    [
      "rating",
      {
        anyOf: [
          { type: "number", format: "double" },
          { type: "string", enum: ["NaN", "Infinity", "-Infinity"] },
        ],
      },
    ],
    ["cover", { type: "string", contentEncoding: "base64" }],
    ["title", { type: "string", minLength: 1, maxLength: 200 }],
    ["sequels", { type: "array", items: { $ref: "#/components/schemas/test.library.v1.Book" }, maxItems: 5 }],
    [
      "votes",
      {
        type: "object",
        propertyNames: { pattern: expect.stringMatching(/^\^.*2147483648\)\$$/) },
        additionalProperties: { $ref: "#/components/schemas/test.library.v1.Genre" },
      },
    ],
    ["createTime", { type: "string", format: "date-time", readOnly: true }],
    ["extra", { type: "object", additionalProperties: true }],
    ["anyJson", { description: "Any JSON value." }],
    ["attachment", { type: "object", required: ["@type"] }],
    ["subtitle", { type: ["string", "null"] }],
    ["weight", { anyOf: [{ type: "number" }, { type: "string" }, { type: "null" }] }],
    ["pin", { type: "string", writeOnly: true }],
    ["isbn", { type: "string", "x-immutable": true }],
    ["old", { deprecated: true }],
    ["nothing", { type: "null" }],
    ["shelf", { "x-oneof": "place" }],
    ["ownerMail", { format: "email" }],
  ])("describe %s in the form of proto3 JSON", (name, expected) => {
    expect(book.properties[name]).toMatchObject(expected);
  });

  it("require required fields, and allow one member of a oneof; an optional field is not a oneof", () => {
    expect(book.required).toEqual(["name", "title"]);
    const set = [{ required: ["shelf"] }, { required: ["drawer"] }];
    expect(book.allOf).toEqual([{ oneOf: [...set, { not: { anyOf: set } }] }]);
    expect(book.properties.lent["x-oneof"]).toBeUndefined();
  });
});
