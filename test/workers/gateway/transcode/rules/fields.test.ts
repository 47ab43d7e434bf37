import { create } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { describe, expect, it } from "vitest";
import { changeAt, fieldNamed, kindOf, resolveField } from "../../../../../workers/gateway/transcode/rules/fields.ts";
import { Msg } from "../../../../transcoding/schema.ts";

describe("resolveField", () => {
  it.each([
    ["s", "s"],
    ["sub.name", "sub.name"],
    ["longName", "long_name"],
    ["long_name", "long_name"],
  ])("resolves %s to the proto path %s", (path, text) => {
    expect(resolveField(Msg, path)).toMatchObject({ kind: "found", path: { text } });
  });

  it.each([
    ["nope", "unknown", 'transcoding.test.v1.Msg has no field "nope"'],
    ["sub.nope", "unknown", 'transcoding.test.v1.Sub has no field "nope"'],
    ["m.key", "illegal", '"m" is a map, so its fields cannot be named'],
    ["rsub.name", "illegal", '"rsub" is a repeated field, so its fields cannot be named'],
    ["s.x", "illegal", '"s" is a scalar, so its fields cannot be named'],
  ])("refuses %s as %s: %s", (path, kind, problem) => {
    expect(resolveField(Msg, path)).toEqual({ kind, problem });
  });
});

it.each([
  ["s", "a scalar"],
  ["rs", "a repeated field"],
  ["m", "a map"],
  ["sub", "a message transcoding.test.v1.Sub"],
])("names the kind of %s: %s", (name, kind) => {
  expect(kindOf(fieldNamed(Msg, name)!)).toBe(kind);
});

it("creates the messages on the way to a field that it changes", () => {
  const message = create(Msg);
  const resolved = resolveField(Msg, "sub.name");
  if (resolved.kind !== "found") throw new Error(resolved.problem);
  const { path } = resolved;
  changeAt(reflect(Msg, message, false), path, (holder) => holder.set(path.field, "x"));
  expect(message).toMatchObject({ sub: { name: "x" } });
});
