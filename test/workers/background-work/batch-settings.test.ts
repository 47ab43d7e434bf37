import { describe, expect, it } from "vitest";
import { batchSettingsOf } from "../../../workers/background-work/batch-settings.ts";

describe("batchSettingsOf", () => {
  it("has the defaults that the documents name", () => {
    expect(batchSettingsOf({})).toMatchObject({
      ...{ name: "batch", maxBatch: 100, lingerMs: 1_000, maxItems: 50_000, maxBytes: 8_388_608, maxBatchBytes: 8_388_608 },
      ...{ concurrency: 1, timeoutMs: 10_000, leaseMs: 11_000, retry: { attempts: 3, baseMs: 200, maxMs: 5_000 } },
    });
    expect(batchSettingsOf({ sizeOf: () => 1, maxBytes: 10 }).maxBatchBytes).toBe(10);
  });

  it.each([
    [{ size: 0 }, 'size of "batch" is 0: write a whole number from 1 to 10000'],
    [{ maxItems: 1.5 }, 'maxItems of "batch" is 1.5: write a whole number from 1 to 1000000'],
    [{ attempts: 11, name: "a" }, 'attempts of "a" is 11: write a whole number from 1 to 10'],
    [{ concurrency: 7 }, 'concurrency of "batch" is 7: write a whole number from 1 to 6'],
    [{ sizeOf: () => 1, maxBytes: 10, maxBatchBytes: 11 }, 'maxBatchBytes of "batch" is 11: write a whole number from 1 to 10'],
    [{ lingerMs: 18_001 }, 'lingerMs and timeoutMs of "batch" are 28001 ms: at most 28000 fit into waitUntil'],
    [{ maxBytes: 10 }, '"batch" has a bound in bytes and no sizeOf: give a function that returns the bytes of an item'],
    [{ maxBatchBytes: 10 }, '"batch" has a bound in bytes and no sizeOf: give a function that returns the bytes of an item'],
  ])("refuses %j", (options, message) => {
    expect(() => batchSettingsOf(options)).toThrow(new RangeError(message));
  });
});
