// The check against the rules of a proto, and what stops it.
import { create, type Message } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { parseDescriptors } from "../../../../workers/gateway/configure/descriptors/descriptors.ts";
import { protovalidate } from "../../../../workers/gateway/configure/protovalidate.ts";
import descriptors from "../../../support/notes/notes.descriptors.ts";

const { services } = parseDescriptors([descriptors], []);
const { input } = services[0]!.methods.find(({ name }) => name === "AddNote")!;
const note = (fields: Record<string, unknown>): Message => create(input, { title: "tea", ...fields } as never);
const validate = protovalidate();

describe("protovalidate", () => {
  it("finds nothing in a valid message", () => {
    expect(validate(input, note({ lines: ["a"], marks: { a: 1 } }))).toBeUndefined();
  });

  it("finds every violation of a small message", () => {
    const list = validate(input, note({ title: "", from: 2, lines: ["a", "", ""] }));
    expect(list?.listed.map(({ field }) => field).toSorted()).toEqual(["", "lines[1]", "lines[2]", "title"]);
    expect(list?.describe("AddNoteRequest")).toMatch(/, and 3 more$/);
  });

  it("lists 20 violations of a small message, and counts the others", () => {
    const list = validate(input, note({ lines: Array<string>(400).fill("") }));
    expect([list?.listed.length, list?.count]).toEqual([20, 400]);
  });

  it("stops at the first violation of a large message", () => {
    const list = validate(input, note({ lines: Array<string>(90_000).fill("") }));
    expect([list?.count, list?.describe("AddNoteRequest")]).toEqual([1, expect.stringMatching(/^lines\[0\]: .*, and perhaps others$/)]);
  });

  it("cuts the key of a map in the path of a field", () => {
    const list = validate(input, note({ marks: { ["k".repeat(1_000_000)]: 0 } }));
    expect(list?.listed[0]?.field).toMatch(/^marks\["k{100,}/);
    expect(list?.listed[0]?.field.length).toBeLessThanOrEqual(128);
  });
});
