import { describe, expect, it } from "vitest";
import { ViolationList } from "../../../../../core/violations/violation-list.ts";
import { NumberText } from "../../../../../workers/gateway/transcode/json/scalars.ts";
import type { Walk } from "../../../../../workers/gateway/transcode/json/walk.ts";
import { wellKnownCheck } from "../../../../../workers/gateway/transcode/json/well-known.ts";

/** The checked value, or the descriptions of its violations. */
function check(typeName: string, json: unknown): unknown {
  const walk: Walk = { options: {}, path: ["field"], violations: new ViolationList() };
  const checked = wellKnownCheck(typeName)!(json, walk);
  return walk.violations.count > 0 ? walk.violations.listed.map(({ field, description }) => `${field} ${description}`) : checked;
}

describe("wellKnownCheck", () => {
  it.each([
    ["google.protobuf.Timestamp", "2026-01-31T12:00:00Z", "yesterday", "field must be a time such as 2026-01-31T12:00:00Z"],
    ["google.protobuf.Duration", "1.5s", "1.5", "field must be a duration such as 1.5s"],
    [
      "google.protobuf.FieldMask",
      "user.email",
      "user_id",
      "field must be field paths in lowerCamelCase such as user.displayName,user.email",
    ],
    ["google.protobuf.ListValue", [1], {}, "field must be an array"],
    ["google.protobuf.Struct", { a: 1 }, [], "field must be an object"],
  ])("accepts and refuses values of %s", (typeName, good, bad, violation) => {
    expect(check(typeName, good)).toEqual(good);
    expect(check(typeName, bad)).toEqual([violation]);
  });

  it("refuses numbers in a Value that a double cannot represent, at any depth", () => {
    expect(check("google.protobuf.Value", new NumberText("1e400"))).toEqual(["field must be a number within the range of a double"]);
    expect(check("google.protobuf.Value", { a: [new NumberText("1e400")] })).toHaveLength(1);
    expect(check("google.protobuf.Value", [new NumberText("12345678901234567890")])).toEqual([Number("12345678901234567890")]);
  });

  it("refuses lone surrogates in texts and keys", () => {
    expect(check("google.protobuf.Value", "\ud800")).toEqual(["field must be a string without lone surrogates"]);
    expect(check("google.protobuf.Struct", { "\udc00": 1 })).toEqual(["field must have keys without lone surrogates"]);
  });

  it("leaves other types to their fields", () => {
    expect(wellKnownCheck("users.v1.User")).toBeUndefined();
  });
});
