// Queries of cached resources: declared parameters, and ambiguous ones.
import { expect, it } from "vitest";
import { resourceOf, selectQuery } from "../../../../../workers/gateway/cache/lookup/query.ts";

it.each([
  ["?b=2&a=1&utm=x", ["a", "b"], "?a=1&b=2"],
  ["?a", ["a"], "?a"],
  ["?a=%20+&x", ["a"], "?a=%20+"],
  ["?utm=x", ["a"], ""],
  ["", ["a"], ""],
  ["?a=1", [], ""],
  ["?a=1&a=2", ["a"], undefined],
  ["?a=1;b=2", ["a"], undefined],
  ["?x=1;a=2", ["a"], undefined],
  ["?%61=1", ["a"], undefined],
  ["?x=%26a%3D1", ["a"], undefined],
  ["?x=%zza&b=1", ["a", "b"], undefined],
  ["?x=%zz&q=1", ["q"], "?q=1"],
  ["?A=1", ["a"], ""],
] as const)("of %j with %j selects %j", (query, names, selected) => {
  expect(selectQuery(query, names)).toBe(selected);
});

it("a resource is its path with the declared parameters, and with the whole query where they are ambiguous", () => {
  expect(resourceOf("/a", "?q=1&utm=x", ["q"])).toBe("/a?q=1");
  expect(resourceOf("/a", "?q=1&q=2", ["q"])).toBe("/a?q=1&q=2");
  expect(resourceOf("/a", "?utm=x", "all")).toBe("/a?utm=x");
});
