// The canonical form of messages: equal for equal messages, however they were encoded.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { StructSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { canonicalBytes } from "../../../../../workers/gateway/cache/lookup/canonical-message.ts";

const value = (text: string) => create(ValueSchema, { kind: { case: "stringValue", value: text } });
const struct = (...names: string[]) => create(StructSchema, { fields: Object.fromEntries(names.map((name) => [name, value(name)])) });
const UNKNOWN = new Uint8Array([0x78, 0x01]); // field 15

it("has map entries in the order of their keys, in nested messages too", () => {
  expect(toBinary(StructSchema, struct("b", "a"))).not.toEqual(toBinary(StructSchema, struct("a", "b")));
  expect(canonicalBytes(StructSchema, struct("b", "a"))).toEqual(canonicalBytes(StructSchema, struct("a", "b")));
  const nested = (...names: string[]) => create(ValueSchema, { kind: { case: "structValue", value: struct(...names) } });
  expect(canonicalBytes(ValueSchema, nested("b", "a"))).toEqual(canonicalBytes(ValueSchema, nested("a", "b")));
  const list = (...names: string[]) => create(ValueSchema, { kind: { case: "listValue", value: { values: [nested(...names)] } } });
  expect(canonicalBytes(ValueSchema, list("b", "a"))).toEqual(canonicalBytes(ValueSchema, list("a", "b")));
});

it("does not exist for a message with unknown fields, at any depth", () => {
  const withUnknown = (bytes: Uint8Array) => new Uint8Array([...bytes, ...UNKNOWN]);
  const inner = withUnknown(toBinary(ValueSchema, value("a")));
  const entry = new Uint8Array([0x0a, 1, 0x61, 0x12, inner.length, ...inner]);
  const messages = [withUnknown(toBinary(StructSchema, struct("a"))), new Uint8Array([0x0a, entry.length, ...entry])];
  for (const bytes of messages) expect(canonicalBytes(StructSchema, fromBinary(StructSchema, bytes))).toBeUndefined();
  expect(canonicalBytes(StructSchema, struct("a"))).toBeDefined();
});
