// The nodes of an expression.
import { parse } from "@bufbuild/cel";
import { expect, it } from "vitest";
import { childrenOf, countNodes, loopOf, nodesOf } from "../../../../../workers/gateway/auth/expression/nodes.ts";

it.each([
  ["true", 1],
  ["!true", 2],
  ["a.b.c", 3],
  ["has(a.b)", 2],
  ["a == 1 && b", 5],
  ["[a, 1, 2]", 4],
  ["{a: 1, 'b': 2}", 5],
  ["size(a)", 2],
  ["a.startsWith('b')", 3],
  ["a[0] ? b : c", 6],
  ["a.exists(x, x)", 10],
])("of %s are %i", (text, count) => {
  const { expr } = parse(text);
  expect(countNodes(expr)).toBe(count);
  expect(Array.from(nodesOf(expr))).toHaveLength(count);
  expect(childrenOf(expr).reduce((sum, child) => sum + countNodes(child), 1)).toBe(count);
});

it("of a comprehension are its collection and its loop", () => {
  const { expr } = parse("a.exists(x, x)");
  expect(loopOf(expr)).toHaveLength(4);
  expect(childrenOf(expr)).toHaveLength(5);
  expect(loopOf(parse("a").expr)).toEqual([]);
});
