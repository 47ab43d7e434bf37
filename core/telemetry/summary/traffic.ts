// Calls of one route, or of all, in figures; and attempts at endpoints.

import { countOf, type HistogramDelta, quantileOf } from "../../metrics/buckets.ts";
import { FAILED_OUTCOMES } from "../../retry/attempt-outcome.ts";
import type { EndpointFigures, TrafficFigures } from "./figures.ts";
import { mergedOf, type SeriesTable, sumOf, valuesOf } from "./series-table.ts";

/** Codes by the fault of the gateway or the upstream. The others are the caller's, or limits that hold. */
const FAULTS: ReadonlySet<string> = new Set(["unknown", "deadline_exceeded", "internal", "unavailable", "data_loss"]);
const CODE = 3; // position of the label of `tidegate_calls`
const OUTCOME = 2; // position of the label of `tidegate_attempt_duration`
const MS = 1_000; // in a second: buckets are of seconds

type Groups = ReturnType<SeriesTable["groups"]>;

/** The series of all routes, by route. */
export interface TrafficSeries {
  readonly calls: Groups;
  readonly durations: Groups;
  readonly upstream: Groups;
  readonly bytes: Groups;
  readonly inFlight: Groups;
}

export function trafficSeries(table: SeriesTable): TrafficSeries {
  return {
    calls: table.groups("tidegate_calls", 0),
    durations: table.groups("tidegate_call_duration", 0),
    upstream: table.groups("tidegate_call_upstream_duration", 0),
    bytes: table.groups("tidegate_call_bytes", 0),
    inFlight: table.groups("tidegate_calls_in_flight", 0),
  };
}

/** @param route undefined for all of them @param seconds of the window, above 0 */
export function trafficOf(series: TrafficSeries, route: string | undefined, seconds: number): TrafficFigures {
  const of = (groups: Groups) => (route === undefined ? [...groups.values()].flat() : (groups.get(route) ?? []));
  const calls = of(series.calls);
  const count = sumOf(calls);
  const codes = [...Map.groupBy(calls, ({ labels }) => labels[CODE] ?? "")]
    .map(([code, all]) => ({ code, count: sumOf(all) }))
    .filter((one) => one.count > 0)
    .toSorted((one, other) => other.count - one.count);
  const failed = codes.reduce((sum, { code, count: of }) => (FAULTS.has(code) ? sum + of : sum), 0);
  const bytes = of(series.bytes);
  return {
    ...{ rate: count / seconds, errorRatio: count === 0 ? 0 : failed / count, codes, inFlight: sumOf(of(series.inFlight)) },
    ...quantiles(mergedOf(of(series.durations))),
    upstreamP95Ms: quantileMs(mergedOf(of(series.upstream)), 0.95),
    requestBytesRate: sumOf(bytes, 1, "request") / seconds,
    responseBytesRate: sumOf(bytes, 1, "response") / seconds,
  };
}

/** Endpoints with attempts, the slowest (p95) first. */
export function endpointsOf(table: SeriesTable, seconds: number): readonly EndpointFigures[] {
  return [...table.groups("tidegate_attempt_duration", 0, 1)]
    .map(([key, attempts]): EndpointFigures => {
      const [upstream = "", endpoint = ""] = valuesOf(key);
      const all = mergedOf(attempts);
      const count = countOf(all);
      const failed = countOf(mergedOf(attempts.filter(({ labels }) => FAILED_OUTCOMES.has(labels[OUTCOME] ?? ""))));
      const errorRatio = count === 0 ? 0 : failed / count;
      return { upstream, endpoint, rate: count / seconds, errorRatio, ...quantiles(all) };
    })
    .filter(({ rate }) => rate > 0)
    .toSorted((one, other) => other.p95Ms - one.p95Ms);
}

function quantiles(histogram: HistogramDelta) {
  return { p50Ms: quantileMs(histogram, 0.5), p95Ms: quantileMs(histogram, 0.95), p99Ms: quantileMs(histogram, 0.99) };
}

function quantileMs(histogram: HistogramDelta, share: number): number {
  return (quantileOf(histogram, share) ?? 0) * MS;
}
