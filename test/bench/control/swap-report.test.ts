// The report of a version each second, with given measurements.
import { expect, it } from "vitest";
import { type SwapFigures, type SwapSlices, swapFailures, swapLines } from "../../../bench/control/swap-report.ts";

const ROUNDS = 40;
const of = <T>(value: T): T[] => Array.from({ length: ROUNDS }, () => value);

/** Slices of 100 requests: the slowest two take `slowMs`, the others 1 ms, in falling order. */
function slices(name: string, cpu: number, slowMs: number, errors: readonly (readonly [string, number])[] = []): SwapSlices {
  const latencies = Float64Array.from({ length: 100 }, (_, n) => (n < 2 ? slowMs : 1));
  return { name, cpuPerSlice: of(cpu), latenciesMs: of(latencies), errors: new Map(errors) };
}

const figures = (cpu: number, slowMs: number): SwapFigures => ({
  swapped: slices("a version each second", cpu, slowMs),
  still: slices("no version", 500, 10),
  compileMs: of(20),
  size: 2,
  allocatedBytes: 12_340_000,
});
const lines = (measured: SwapFigures): string => swapLines(measured, () => 0.5).join("\n");

it("meets the goal of CPU and misses that of P99, each by its own ratio", () => {
  const text = lines(figures(525, 30));
  expect(text).toContain("CPU per request: 1.050 (95 % interval 1.050 to 1.050) x without a version; goal 1.1: met");
  expect(text).toContain("P99 of a slice: 3.000 (95 % interval 3.000 to 3.000) x without a version; goal 1.1: missed");
});

it("misses the goal of CPU where requests cost a fifth more, and meets that of P99 where none is slower", () => {
  const text = lines(figures(600, 10));
  expect(text).toMatch(/CPU per request: 1\.200 .*missed/);
  expect(text).toMatch(/P99 of a slice: 1\.000 .*met/);
});

it("computes the CPU of a version from what the requests of its slice cost more", () => {
  expect(lines(figures(600, 10))).toContain("median 10 ms"); // 100 requests, 100 µs more each
});

it("never meets the goal of P99 where a slice had no response", () => {
  const { swapped, ...others } = figures(500, 10);
  expect(lines({ ...others, swapped: { ...swapped, latenciesMs: of(new Float64Array()) } })).toMatch(/P99 of a slice: Infinity .*missed/);
});

it("names failed requests, and versions that came too late", () => {
  const { swapped, ...others } = figures(500, 10);
  const failed = { ...swapped, errors: new Map([["504 deadline_exceeded", 16]]) };
  const late: SwapFigures = { ...others, swapped: failed, compileMs: [20, undefined, 40] };
  expect(swapFailures(late)).toEqual([
    "a version each second: 16 x 504 deadline_exceeded",
    "1 of 3 versions were not taken within their second",
  ]);
  const text = lines(late);
  expect(text).toContain("3 published, 2 taken within their second; compiled versions in memory at the end: 2");
  expect(text).toContain("median 30 ms, most 40 ms");
  expect(text).toContain("allocates 12.3 MB");
  expect(text).toContain("does not count (fewer than 30 rounds)");
  expect(swapFailures(figures(500, 10))).toEqual([]);
});
