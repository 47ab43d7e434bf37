// How many services a call has been through.
import { expect, it } from "vitest";
import { depthOf } from "../../../core/mesh/depth.ts";

it.each([
  [null, 0],
  ["0", 0],
  ["7", 7],
  ["999999", 999_999],
  ["", 0],
  ["-1", 0],
  ["1.5", 0],
  ["1234567", 0],
  ["1, 2", 0],
])("%j is %d", (received, depth) => expect(depthOf(received)).toBe(depth));
