// Differences of two configurations, by path.
import { expect, it } from "vitest";
import { configurationDiff } from "../../../core/control/configuration-diff.ts";

it("names each setting that differs, with both values", () => {
  const before = { a: 1, same: { x: [1, { y: 2 }] }, list: [1, 2], gone: true, "users.v1.UserService": { ms: 5 } };
  const after = { same: { x: [1, { y: 2 }] }, a: 2, list: [1, 3], added: { z: null }, "users.v1.UserService": { ms: 6 } };
  expect(configurationDiff(before, after)).toEqual([
    { path: "a", before: 1, after: 2 },
    { path: "added", before: undefined, after: { z: null } },
    { path: "gone", before: true, after: undefined },
    { path: "list", before: [1, 2], after: [1, 3] },
    { path: '["users.v1.UserService"].ms', before: 5, after: 6 },
  ]);
});

it("finds none between equal ones, in whatever order their keys are", () => {
  expect(configurationDiff({ a: 1, b: { c: 1, d: 2 } }, { b: { d: 2, c: 1 }, a: 1 })).toEqual([]);
});

it("does not take a name of every object for a setting", () => {
  expect(configurationDiff({}, { toString: 1 })).toEqual([{ path: "toString", before: undefined, after: 1 }]);
});
