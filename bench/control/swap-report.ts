// What a new version each second costs, as text: ratios of paired slices with their intervals, and what went wrong.
import { goalOf, textOf } from "../figures/report.ts";
import { bootstrap, type Interval, median } from "../figures/statistics.ts";
import { type Measured, percentile } from "../measure.ts";

/** Slices of one kind, by their rounds. */
export type SwapSlices = Pick<Measured, "name" | "cpuPerSlice" | "latenciesMs" | "errors">;

export interface SwapFigures {
  readonly swapped: SwapSlices; // a version was published before each of them
  readonly still: SwapSlices;
  readonly compileMs: readonly (number | undefined)[]; // time for which the isolate stood still; undefined where it took the version later
  readonly size: number; // compiled versions in memory at the end
  readonly allocatedBytes: number; // bytes on the JavaScript heap, for one version
}

const GOAL = 1.1; // largest ratio of CPU per request, and of P99
const COUNTS = 30; // fewest rounds in a run that counts

const p99Of = ({ latenciesMs }: SwapSlices): number[] =>
  latenciesMs.map((slice) => (slice.length === 0 ? Number.POSITIVE_INFINITY : percentile(slice.toSorted(), 0.99)));

/** @param random in [0, 1), uniform */
export function swapLines({ swapped, still, compileMs, size, allocatedBytes }: SwapFigures, random: () => number): string[] {
  const rounds = compileMs.length;
  const taken = compileMs.filter((ms) => ms !== undefined);
  const cpu = bootstrap(swapped.cpuPerSlice, still.cpuPerSlice, random);
  const p99 = bootstrap(p99Of(swapped), p99Of(still), random);
  const goal = (interval: Interval): string => `${textOf(interval)} x without a version; ${goalOf(interval, GOAL)}`;
  const extraMs = swapped.cpuPerSlice.map(
    (micros, n) => ((micros - still.cpuPerSlice[n]!) * Math.max(1, swapped.latenciesMs[n]!.length)) / 1_000,
  );
  return [
    ...[swapped, still].map(kindLine),
    `CPU per request: ${goal(cpu)}`,
    `P99 of a slice: ${goal(p99)}`,
    `CPU of a version, with its exchange, checks of bytes and new pipelines: median ${median(extraMs).toFixed(0)} ms`,
    taken.length === 0 ? "" : `the isolate stands still for a version: median ${median(taken)} ms, most ${Math.max(...taken)} ms`,
    `a version allocates ${(allocatedBytes / 1e6).toFixed(1)} MB on the JavaScript heap of the isolate`,
    `versions: ${rounds} published, ${taken.length} taken within their second; compiled versions in memory at the end: ${size}`,
    ...(rounds < COUNTS ? [`the run does not count (fewer than ${COUNTS} rounds)`] : []),
  ].filter((line) => line !== "");
}

/** Requests that failed, and versions that were taken too late: then the figures are not those of a version each second. */
export function swapFailures({ swapped, still, compileMs }: SwapFigures): string[] {
  const late = compileMs.filter((ms) => ms === undefined).length;
  return [
    ...[swapped, still].flatMap(({ name, errors }) => [...errors].map(([reason, count]) => `${name}: ${count} x ${reason}`)),
    ...(late === 0 ? [] : [`${late} of ${compileMs.length} versions were not taken within their second`]),
  ];
}

function kindLine(slices: SwapSlices): string {
  const requests = slices.latenciesMs.reduce((sum, { length }) => sum + length, 0);
  const medians = `CPU per request ${median(slices.cpuPerSlice).toFixed(0)} µs, P99 ${median(p99Of(slices)).toFixed(1)} ms (medians)`;
  return `${slices.name}: ${requests} requests in ${slices.latenciesMs.length} slices of 1 s, ${medians}`;
}
