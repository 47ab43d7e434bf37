import { describe, expect, it } from "vitest";
import { parseTraceparent } from "../../../core/trace.ts";
import { TailSampler } from "../../../core/tracing/tail-sampler.ts";

const POLICY = { ratio: 0.25, slowMs: 500, maxKeptPerMinute: 3 };
const parent = (flags: string) => parseTraceparent(`00-${"a".repeat(32)}-${"b".repeat(16)}-${flags}`);

describe("TailSampler", () => {
  it.each([
    [undefined, 0.24, true],
    [undefined, 0.25, false],
    ["01", 0.99, true],
    ["03", 0.99, true],
    ["00", 0, false],
    ["02", 0, false],
  ] as const)("begins a call of a caller with flags %s and random number %d: %s", (flags, random, isSampled) => {
    expect(new TailSampler(POLICY).begins(flags && parent(flags), random)).toBe(isSampled);
  });

  it("keeps calls that have failed or were slow, and no others", () => {
    const sampler = new TailSampler(POLICY);
    expect(sampler.keeps(false, 499, 0)).toBe(false);
    expect(sampler.keeps(false, 500, 0)).toBe(true);
    expect(sampler.keeps(true, 1, 0)).toBe(true);
  });

  it("keeps so many of them in a minute, and those that it does not keep cost nothing of the budget", () => {
    const sampler = new TailSampler(POLICY);
    const kept = Array.from({ length: 10 }, (_, call) => sampler.keeps(call % 2 === 0, 1, 60_000 + call)).filter(Boolean).length;
    expect(kept).toBe(3);
    expect(sampler.keeps(true, 1, 119_999)).toBe(false);
    expect(sampler.keeps(true, 1, 120_000)).toBe(true);
    expect(sampler.keeps(true, 1, 60_000)).toBe(true); // the clock was set back
  });
});
