import { expect, it } from "vitest";
import { nextRandomBytes, RANDOM_BLOCK } from "../../../../workers/gateway/call/random-block.ts";

it("gives each call bytes of its own, past the end of a block, too", () => {
  const ids = new Set<string>();
  for (let call = 0; call < 300; call++) {
    const at = nextRandomBytes();
    expect(at + 24).toBeLessThanOrEqual(RANDOM_BLOCK.byteLength);
    ids.add(RANDOM_BLOCK.subarray(at, at + 24).join());
  }
  expect(ids.size).toBe(300);
  expect(ids).not.toContain(new Uint8Array(24).join()); // drawn before the first use
});
