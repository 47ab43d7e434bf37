// The summary of the last seconds, as it comes, and what this tab has seen of it.
import { useEffect, useState } from "preact/hooks";
import { type Summary, TelemetryService } from "../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { watch } from "./connect.ts";
import { epochMs } from "./format.ts";
import { type Live, useStream } from "./live.ts";

const INTERVAL_MS = 2_000;
/** Time that charts show, in ms. */
export const HISTORY_MS = 10 * 60_000;
const MOST_POINTS = HISTORY_MS / INTERVAL_MS;

/** The figures of one moment that charts show. */
export interface Point {
  readonly at: number; // epoch ms
  readonly rate: number; // calls per second
  readonly errorRate: number; // failed calls per second
  readonly p50: number | null; // ms; null without calls
  readonly p95: number | null;
  readonly p99: number | null;
  readonly upstreamP95: number | null;
  readonly inFlight: number;
}

const histories = new Map<number, readonly Point[]>();

export function pointOf({ time, total }: Summary): Point {
  const { rate = 0, errorRatio = 0, p50Ms = 0, p95Ms = 0, p99Ms = 0, upstreamP95Ms = 0, inFlight = 0n } = total ?? {};
  const hasCalls = rate > 0;
  return {
    at: epochMs(time),
    rate,
    errorRate: rate * errorRatio,
    p50: hasCalls ? p50Ms : null,
    p95: hasCalls ? p95Ms : null,
    p99: hasCalls ? p99Ms : null,
    upstreamP95: hasCalls ? upstreamP95Ms : null,
    inFlight: Number(inFlight),
  };
}

/** @returns the points of the last ten minutes, the new one last; an older or repeated point is left out */
export function withPoint(points: readonly Point[], point: Point): readonly Point[] {
  const last = points.at(-1);
  if (last !== undefined && point.at <= last.at) return points;
  return [...points, point].filter(({ at }) => at > point.at - HISTORY_MS).slice(-MOST_POINTS);
}

/** @param windowSeconds 10 to 300 */
export function useSummary(windowSeconds: number): Live<Summary> & { readonly history: readonly Point[] } {
  const live = useStream(`summary/${windowSeconds}`, (signal) =>
    watch(TelemetryService.method.watchSummary, { windowSeconds, intervalMs: INTERVAL_MS }, signal),
  );
  const [history, setHistory] = useState(histories.get(windowSeconds) ?? []);
  const { value } = live;
  useEffect(() => {
    const before = histories.get(windowSeconds) ?? [];
    const points = value === undefined ? before : withPoint(before, pointOf(value));
    histories.set(windowSeconds, points);
    setHistory(points);
  }, [value, windowSeconds]);
  return { ...live, history };
}
