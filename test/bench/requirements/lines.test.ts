// The decisions on requirements E1 to E6, with given figures.
import { describe, expect, it } from "vitest";
import type { Figures } from "../../../bench/measure.ts";
import { BEHIND_NETWORK, COST, EQUAL_LOAD, linesOf } from "../../../bench/requirements/lines.ts";

const FIGURES: Figures = {
  cpuMicrosPerRequest: 100,
  requestsPerSecond: 100,
  p50Ms: 10,
  p95Ms: 10,
  p99Ms: 20,
  errors: {},
  bindingCallsPerRequest: 4,
  allocatedBytes: 1_000,
  rssMiB: 50,
  firstRequestMs: 1,
  requests: 100,
};
const figures = (subject: string, base: string, changes: Partial<Figures>) => ({ [subject]: { ...FIGURES, ...changes }, [base]: FIGURES });

describe("linesOf", () => {
  it.each([
    [
      BEHIND_NETWORK,
      "gateway",
      "naive",
      { requestsPerSecond: 500, p95Ms: 2, p99Ms: 5 },
      { requestsPerSecond: 499, p95Ms: 2.01, p99Ms: 5.01 },
    ],
    [BEHIND_NETWORK, "host-json", "naive", { requestsPerSecond: 400 }, { requestsPerSecond: 399 }],
    [BEHIND_NETWORK, "gateway-and-host", "naive-and-host", { requestsPerSecond: 500 }, { requestsPerSecond: 499 }],
    [EQUAL_LOAD, "gateway", "naive", { p95Ms: 2, p99Ms: 5 }, { p95Ms: 2.01, p99Ms: 5.01 }],
    [
      COST,
      "gateway",
      "naive",
      { cpuMicrosPerRequest: 80, allocatedBytes: 700, bindingCallsPerRequest: 2 },
      { cpuMicrosPerRequest: 81, allocatedBytes: 701, bindingCallsPerRequest: 2.01 },
    ],
    [COST, "gateway-cached", "naive", { cpuMicrosPerRequest: 20 }, { cpuMicrosPerRequest: 21 }],
    [COST, "gateway-refused", "naive", { cpuMicrosPerRequest: 20 }, { cpuMicrosPerRequest: 21 }],
  ])("meets each goal at its bound, and misses it beyond: %#", (comparisons, subject, base, met, missed) => {
    const decide = (changes: Partial<Figures>) => linesOf(comparisons, figures(subject, base, changes)).map(({ isMet }) => isMet);
    const count = decide(met).length;
    expect(decide(met)).toEqual(Array(count).fill(true));
    expect(decide(missed)).toEqual(Array(count).fill(false));
    expect(count).toBe(Object.keys(met).length);
  });

  it("names both figures, their ratio and the goal", () => {
    const [line] = linesOf(BEHIND_NETWORK, figures("gateway", "naive", { requestsPerSecond: 512.4 }));
    expect(line?.text).toBe("E1  requests/s of a gateway: gateway 512, naive 100: 5.12 x; goal at least 5.00: met");
  });

  it("has a line for each goal, and none for what was not measured", () => {
    expect([BEHIND_NETWORK.length, EQUAL_LOAD.length, COST.length]).toEqual([5, 2, 5]);
    expect(linesOf(COST, { naive: FIGURES })).toEqual([]);
  });
});
