// The methods of TelemetryService that read metrics: all of them, and the figures of the last seconds.
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { TELEMETRY_NAME } from "../../../../core/exchange/metrics/metrics-messages.ts";
import type { SummaryFigures } from "../../../../core/telemetry/summary/figures.ts";
import type { MetricsReading } from "../../../../core/telemetry/telemetry-state.ts";
import type { TelemetryService } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { logEvent } from "../../../log.ts";
import type { MetricsReporter } from "../../metrics/metrics-section.ts";
import { inTime } from "./in-time.ts";
import { metricsMessage } from "./metrics-message.ts";
import { summaryMessage } from "./summary-message.ts";

/** What is used of the Durable Object of all metrics, with plain promises. */
export interface TelemetryObjects {
  getByName(name: string): { metrics(): Promise<MetricsReading>; summary(windowMs: number): Promise<SummaryFigures> };
}

export interface MetricsSources {
  readonly objects: TelemetryObjects | undefined; // TELEMETRY; undefined where wrangler.toml does not have it
  readonly reporter: MetricsReporter | undefined; // undefined where this isolate measures nothing
}

type Methods = Pick<ServiceImpl<typeof TelemetryService>, "getMetrics" | "getSummary" | "watchSummary">;

const FLUSH_MS = 1_000; // longest time that a reader waits for what this isolate has not reported
const WINDOW_SECONDS = { min: 10, max: 300, default: 60 };
const INTERVAL_MS = { min: 1_000, max: 60_000, default: 2_000 };
const MAX_FAILURES = 30; // readings in a row, after which a stream ends

export function metricsMethods(sources: MetricsSources): Methods {
  return {
    async getMetrics() {
      return metricsMessage(await readMetrics(sources));
    },
    async getSummary({ windowSeconds }) {
      return summaryMessage(await readSummary(sources, windowMs(windowSeconds)));
    },
    watchSummary: (request, context) => watchSummary(sources, request, context),
  };
}

/** All metrics, with what this isolate has counted until now. @throws ConnectError `unavailable` where they cannot be read */
export function readMetrics(sources: MetricsSources): Promise<MetricsReading> {
  return read(sources, (telemetry) => telemetry.metrics());
}

function readSummary(sources: MetricsSources, ms: number): Promise<SummaryFigures> {
  return read(sources, (telemetry) => telemetry.summary(ms));
}

async function* watchSummary(
  sources: MetricsSources,
  { windowSeconds, intervalMs }: { readonly windowSeconds: number; readonly intervalMs: number },
  { signal }: Pick<HandlerContext, "signal">,
) {
  const ms = windowMs(windowSeconds);
  const pauseMs = inRange("interval_ms", intervalMs, INTERVAL_MS);
  for (let failures = 0; !signal.aborted; ) {
    try {
      yield summaryMessage(await readSummary(sources, ms));
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures >= MAX_FAILURES || sources.objects === undefined) throw error;
    }
    await scheduler.wait(pauseMs, { signal }).catch(() => undefined);
  }
}

/** @throws ConnectError */
async function read<T>({ objects, reporter }: MetricsSources, from: (telemetry: Stub) => Promise<T>): Promise<T> {
  if (objects === undefined)
    throw new ConnectError(
      "this gateway collects no metrics: bind the Durable Object class Telemetry as TELEMETRY in wrangler.toml",
      Code.FailedPrecondition,
    );
  await reporter?.flush(Date.now(), FLUSH_MS);
  try {
    return await inTime(from(objects.getByName(TELEMETRY_NAME)));
  } catch (error) {
    logEvent("metrics_read_failed", { error });
    throw new ConnectError("metrics cannot be read now; try again", Code.Unavailable);
  }
}

type Stub = ReturnType<TelemetryObjects["getByName"]>;

function windowMs(seconds: number): number {
  return 1_000 * inRange("window_seconds", seconds, WINDOW_SECONDS);
}

/** @throws ConnectError `invalid_argument` */
function inRange(name: string, value: number, range: { readonly min: number; readonly max: number; readonly default: number }): number {
  if (value === 0) return range.default;
  if (value >= range.min && value <= range.max) return value;
  throw new ConnectError(`${name} is ${value}; write ${range.min} to ${range.max}, or 0 for ${range.default}`, Code.InvalidArgument);
}
