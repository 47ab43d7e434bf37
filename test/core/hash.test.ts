// The hash of keys: it decides which object holds a bucket, so that it has to stay as it is.
import { expect, it } from "vitest";
import { hash32 } from "../../core/hash.ts";

it.each([
  ["", 2_872_998_923],
  ["a", 444_641_715],
  ["b", 2_193_908_274],
  ["users.v1.UserService/GetUser", 3_912_876_538],
  ["é😀", 4_159_213_040],
])("of %j stays the same from version to version", (text, want) => expect(hash32(text)).toBe(want));
