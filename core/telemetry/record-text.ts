// What `Telemetry` stores, as text: JSON, with series as short lists and runs of empty buckets as one number.
import type { SeriesDelta } from "../metrics/report.ts";
import type { TelemetryRecord } from "./telemetry-state.ts";

const FORMAT = 1; // a record of another format is not read: the counters begin again

/** A counter: `[metric, labels, value]`; a histogram: `[metric, labels, [zeros, sum, offset, counts]]`. */
type ShortSeries = readonly [string, readonly string[], number | readonly [number, number, number, readonly number[]]];

export function recordText({ series, window, ...record }: TelemetryRecord): string {
  const slices = window.map(({ startedAt, series: of }) => ({ startedAt, series: of.map(shortOf) }));
  return JSON.stringify({ format: FORMAT, ...record, series: series.map(shortOf), window: slices });
}

/** @returns undefined for a text of another format */
export function recordFrom(text: string): TelemetryRecord | undefined {
  // Only `recordText` writes it.
  const { format, series, window, ...record } = JSON.parse(text);
  if (format !== FORMAT) return undefined;
  const slices = window.map(({ startedAt, series: of }: { startedAt: number; series: readonly ShortSeries[] }) => {
    return { startedAt, series: of.map(seriesOf) };
  });
  return { ...record, series: series.map(seriesOf), window: slices };
}

function shortOf({ metric, labels, value = 0, histogram }: SeriesDelta): ShortSeries {
  if (histogram === undefined) return [metric, labels, value];
  const { zeros, sum, offset, counts } = histogram;
  return [metric, labels, [zeros, sum, offset, withRuns(counts)]];
}

function seriesOf([metric, labels, value]: ShortSeries): SeriesDelta {
  if (typeof value === "number") return { metric, labels, value };
  const [zeros, sum, offset, counts] = value;
  return { metric, labels, histogram: { zeros, sum, offset, counts: withoutRuns(counts) } };
}

/** A run of zeros becomes its length, as a negative number. */
function withRuns(counts: readonly number[]): readonly number[] {
  const short: number[] = [];
  for (const count of counts) {
    const last = short.at(-1) ?? 0;
    if (count !== 0) short.push(count);
    else if (last < 0) short[short.length - 1] = last - 1;
    else short.push(-1);
  }
  return short;
}

function withoutRuns(short: readonly number[]): readonly number[] {
  return short.flatMap((count) => (count < 0 ? new Array<number>(-count).fill(0) : [count]));
}
