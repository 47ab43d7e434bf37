// Names of methods in rules.
import { expect, it } from "vitest";
import { methodsNamed } from "../../../core/mesh/method-pattern.ts";

const METHODS = ["a.v1.A/Get", "a.v1.A/Set", "a.v1.Ab/Get", "b.v1.B/Get"];

it.each([
  [["a.v1.A/Get"], ["a.v1.A/Get"]],
  [["a.v1.A/*"], ["a.v1.A/Get", "a.v1.A/Set"]],
  [["*"], METHODS],
  [
    ["b.v1.B/*", "a.v1.A/Set", "b.v1.B/Get"],
    ["b.v1.B/Get", "a.v1.A/Set"],
  ],
])("%j name %j", (patterns, named) => expect([...methodsNamed(patterns, METHODS, "x")]).toEqual(named));

it.each(["a.v1.A/Gone", "a.v1.A", "a.v1/*", "A/*", "", "*/Get", "a.v1.A/G*"])("%j names no method, which is an error", (pattern) =>
  expect(() => methodsNamed([pattern], METHODS, "identity.allow[0].methods")).toThrow(
    `identity.allow[0].methods: found "${pattern}", which names no method of this Worker`,
  ),
);
