// Problems of a configuration: where each is, what was found there, and what to write instead.
import { expect, describe as group, it } from "vitest";
import { checks, describe, join, suggest } from "../../../core/config/problems.ts";

const problemsOf = (run: (check: ReturnType<typeof checks>) => unknown): string[] => {
  const check = checks();
  run(check);
  return check.problems.map(describe);
};

group("checks", () => {
  it("report every problem, and return a usable value each time", () => {
    const values: unknown[] = [];
    const problems = problemsOf((check) => {
      values.push(check.integer("a", 1.5, { min: 1, max: 9, fallback: 5, unit: "ms" }));
      values.push(check.oneOf("b", "on", ["off", "enforce"], "off"));
      values.push(check.header("c", "x y"));
      values.push(check.entries("d", [1]));
    });
    expect(values).toEqual([5, "off", undefined, []]);
    expect(problems).toEqual([
      "a: found 1.5; write a whole number from 1 to 9 (ms)",
      'b: found "on"; write "off" or "enforce"',
      "c: found \"x y\"; write the name of a header: 1 to 64 letters, digits and '-'",
      "d: found [1]; write an object: { ... }",
    ]);
  });

  it.each([
    [1, 1],
    [9, 9],
    [0, 5],
    [10, 5],
    [Number.NaN, 5],
    ["3", 5],
    [undefined, 5],
  ])("accept an integer within its bounds: %j is read as %j", (value, want) => {
    const check = checks();
    expect(check.integer("a", value, { min: 1, max: 9, fallback: 5, unit: "ms" })).toBe(want);
    expect(check.problems.length).toBe(want === value || value === undefined ? 0 : 1);
  });

  it("name the nearest field for one that is unknown, and the new name for a former one", () => {
    const problems = problemsOf((check) =>
      check.fields("a", { ttlMS: 1, former: 2, constructor: 3 }, ["ttlMs", "honor"], { former: "write honor" }),
    );
    expect(problems.slice(0, 2)).toEqual(['a.ttlMS: found 1; remove it, or write "ttlMs"', "a.former: found 2; write honor"]);
    expect(problems[2]).toContain("a.constructor: found 3; remove it, or write one of");
  });

  it("read the name of a header in lower case", () => {
    expect(checks().header("a", "X-User")).toBe("x-user");
  });

  it("show what was found in at most 60 characters, and what JSON cannot write", () => {
    const shown = problemsOf((check) => {
      for (const value of ["x".repeat(100), Number.NaN, undefined, () => 1, 5n]) check.report("a", value, "fix");
    });
    expect(shown[0]).toBe(`a: found "${"x".repeat(56)}...; fix`);
    expect(shown.slice(1)).toEqual(["a: found NaN; fix", "a: found nothing; fix", "a: found a function; fix", "a: found 5; fix"]);
  });
});

it("writes paths like TypeScript does", () => {
  expect([join("", "a"), join("a", "b"), join("services", "users.v1.UserService")]).toEqual([
    "a",
    "a.b",
    'services["users.v1.UserService"]',
  ]);
});

it.each([
  ["cahce", ["cache", "cost"], '"cache"'],
  ["CACHE", ["cost", "cache"], '"cache"'],
  ["zzzzzzzz", ["cache", "cost"], 'one of "cache", "cost"'],
  ["a", [], "nothing: there is none to choose"],
])("suggests for %j of %j: %s", (name, known, want) => {
  expect(suggest(name, known)).toBe(want);
});

it("compares the start of a name that is far too long for a suggestion", () => {
  expect(suggest("a".repeat(5_000_000), ["users", "a".repeat(200)])).toBe(`"${"a".repeat(200)}"`);
});
