// How much compressed messages may grow.
import { expect, it } from "vitest";
import { describeInflation, inflatedLimit } from "../../../core/protocol/inflation.ts";

it.each([
  [0, 1_048_576, 100, 65_536],
  [1_000, 1_048_576, 100, 165_536],
  [1_000, 1_048_576, 10, 75_536],
  [10_000, 1_048_576, 100, 1_048_576],
  [10, 100, 100, 100],
])("lets %d bytes grow within %d, %d times beyond 64 KiB", (compressed, max, maxInflation, limit) => {
  expect(inflatedLimit(compressed, max, maxInflation)).toBe(limit);
});

it("names the limit and the fix", () => {
  expect(describeInflation(165_536, 100)).toBe(
    "inflates to more than 165536 bytes, which is 100 times its compressed size and 65536; send it uncompressed, or raise maxInflation",
  );
});
