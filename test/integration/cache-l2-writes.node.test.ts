// Writes to the shared level under realistic traffic.
import { expect, it } from "vitest";
import { DEFAULT_L2_ADMISSION } from "../../core/cache/store/l2-admission.ts";
import { sharedWrites } from "../support/cache-shared.ts";
import { zipfTrace } from "../support/cache-traces.ts";

it.each([0.7, 0.9, 1])("writes at most half as often as on every miss, with keys by zipf %d", (alpha) => {
  const trace = zipfTrace({ count: 100_000, length: 200_000, seed: 7 }, alpha);
  const every = sharedWrites(trace, { ...DEFAULT_L2_ADMISSION, secondMissWithinMs: 0 });
  const some = sharedWrites(trace, DEFAULT_L2_ADMISSION);
  expect(every.writes).toBeGreaterThan(0.999 * every.fetches); // the comparison writes on every miss
  expect(some.writes).toBeGreaterThan(0);
  expect(some.writes).toBeLessThanOrEqual(0.5 * every.writes);
  expect(some.fetches).toBeLessThan(1_000 * 0.9);
});
