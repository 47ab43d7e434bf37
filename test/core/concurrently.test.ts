import { describe, expect, it } from "vitest";
import { concurrently } from "../../core/concurrently.ts";

describe("concurrently", () => {
  it("works on every item once, and on no more at a time than allowed", async () => {
    for (const [most, count, peak] of [
      [3, 10, 3],
      [20, 4, 4],
      [1, 5, 1],
    ] as const) {
      let [underWay, highest] = [0, 0];
      const seen: number[] = [];
      await concurrently(
        most,
        Array.from({ length: count }, (_, index) => index),
        async (item) => {
          underWay += 1;
          highest = Math.max(highest, underWay);
          await Promise.resolve();
          seen.push(item);
          underWay -= 1;
        },
      );
      expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
      expect(highest).toBe(peak);
    }
    await concurrently(3, [], async () => expect.unreachable());
  });
});
