import { describe, expect, it } from "vitest";
import { CallSampling } from "../../../../workers/gateway/tracing/call-sampling.ts";

describe("CallSampling", () => {
  it("records the times of attempts that run side by side, each by its endpoint", () => {
    const sampling = new CallSampling(undefined, true);
    sampling.attemptBegan("users", "A", 1);
    sampling.attemptBegan("users", "B", 2);
    sampling.attemptEnded("A", false, 3);
    sampling.attemptBegan("users", "A", 4);
    sampling.attemptEnded("B", true, 5);
    expect(sampling.times).toEqual([
      { upstream: "users", endpoint: "A", startMs: 1, endMs: 3, hasFailed: true },
      { upstream: "users", endpoint: "B", startMs: 2, endMs: 5, hasFailed: false },
      { upstream: "users", endpoint: "A", startMs: 4, endMs: undefined, hasFailed: false },
    ]);
  });

  it("records none of a call that is not sampled, and at most 20 of one that is", () => {
    const [off, on] = [new CallSampling(undefined, false), new CallSampling(undefined, true)];
    for (let attempt = 0; attempt < 30; attempt++) for (const one of [off, on]) one.attemptBegan("users", "A", attempt);
    off.attemptEnded("A", true, 40);
    expect([off.times.length, on.times.length]).toEqual([0, 20]);
  });
});
