import { expect, it } from "vitest";
import { isSubset } from "../../../core/auth/scopes.ts";

it.each([
  [[], [], true],
  [[], ["a"], true],
  [["a"], ["a"], true],
  [["a", "b"], ["b", "c", "a"], true],
  [["a", "b"], ["a"], false],
  [["a"], [], false],
  [["a"], ["A"], false],
])("of scopes %j with %j: %s", (needed, held, want) => expect(isSubset(needed, held)).toBe(want));
