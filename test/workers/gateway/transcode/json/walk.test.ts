import { describe, expect, it } from "vitest";
import { ViolationList } from "../../../../../core/violations/violation-list.ts";
import { NumberText } from "../../../../../workers/gateway/transcode/json/scalars.ts";
import { isObject, MAP, quoted, report, reportIn, type Walk } from "../../../../../workers/gateway/transcode/json/walk.ts";

const walkAt = (...path: (string | number)[]): Walk => ({ options: {}, path, violations: new ViolationList() });

describe("report", () => {
  it.each<[(string | number)[], string]>([
    [[], ""],
    [["user"], "user"],
    [["users", 2, "email"], "users[2].email"],
    [["labels", MAP, 'a"b'], 'labels["a\\"b"]'],
    [["labels", MAP, "7", "name"], 'labels["7"].name'],
  ])("writes the path %j as %s", (path, field) => {
    const walk = walkAt(...path);
    report(walk, "is wrong");
    expect(walk.violations.listed).toEqual([{ field, description: "is wrong" }]);
  });

  it("lists 20 violations, and counts the others", () => {
    const walk = walkAt("a");
    for (let count = 0; count < 2_000; count++) report(walk, "is wrong");
    expect([walk.violations.listed.length, walk.violations.count]).toEqual([20, 2_000]);
  });
});

it("reports a member without moving to it, and shortens its name", () => {
  const walk = walkAt("user");
  reportIn(walk, "x".repeat(200), "is not a field");
  expect(walk.violations.listed[0]!.field).toBe(`user.${"x".repeat(100)}`);
  expect(walk.path).toEqual(["user"]);
});

it("quotes text of the caller, cut to 100 characters and without lone surrogates", () => {
  expect(quoted(`"\ud800${"x".repeat(200)}`)).toBe(`"\\"\ufffd${"x".repeat(98)}"`);
});

it.each([
  [{}, true],
  [[], false],
  [null, false],
  [new NumberText("1"), false],
])("knows whether %j is an object", (json, expected) => {
  expect(isObject(json)).toBe(expected);
});
