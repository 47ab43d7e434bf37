// Metrics on their way: the real reporter of each isolate, its relay, and `Telemetry`, while nothing fails.
import { EXCHANGE_MS } from "../../../core/exchange/messages.ts";
import { IsolateMetrics } from "../../../core/metrics/isolate-metrics.ts";
import type { ExchangeSection } from "../../../workers/gateway/background/exchange.ts";
import type { Operations } from "./prices.ts";
import { loadWorkerModule, type ObjectClass, provideWorkers, Runtime } from "./runtime.ts";

/** Objects that are awake all the time, because of their timers: the relay and `Telemetry`. */
export const AWAKE_OBJECTS = 2;

export interface MeasuredTraffic {
  readonly isolates: number; // in one region
  readonly callsPerSecond: number;
  readonly warmSeconds: number;
  readonly seconds: number;
}

interface ExchangeModule {
  readonly Exchange: new (
    relays: unknown,
    intervalMs: number,
  ) => { add(section: ExchangeSection): void; begin(request: unknown, keepAlive: (done: Promise<void>) => void): void };
}

interface ReporterModule {
  readonly MetricsReporter: new (
    metrics: IsolateMetrics,
    exchange: unknown,
  ) => ExchangeSection & { changed(now: number, keepAlive: (done: Promise<void>) => void): void };
}

/** Counted for each call, as a gateway counts one. */
const ROUTE = "users.v1.UserService/GetUser";

export async function runMetrics(traffic: MeasuredTraffic, seed: number): Promise<Operations> {
  provideWorkers();
  const { Exchange } = await loadWorkerModule<ExchangeModule>("workers/gateway/background/exchange.ts");
  const { MetricsReporter } = await loadWorkerModule<ReporterModule>("workers/gateway/metrics/metrics-section.ts");
  const { Relay } = await loadWorkerModule<{ readonly Relay: ObjectClass }>("durable-objects/relay.ts");
  const { Telemetry } = await loadWorkerModule<{ readonly Telemetry: ObjectClass }>("durable-objects/telemetry.ts");
  const runtime = new Runtime(seed);
  const env: Record<string, unknown> = {};
  env["RELAY"] = runtime.namespace(Relay, env);
  env["TELEMETRY"] = runtime.namespace(Telemetry, env);
  const held = (): void => undefined;
  const isolates = Array.from({ length: traffic.isolates }, (_, number) => {
    const exchange = new Exchange(env["RELAY"], EXCHANGE_MS);
    const metrics = new IsolateMetrics(() => `isolate-${number}`);
    const reporter = new MetricsReporter(metrics, exchange);
    exchange.add(reporter);
    const calls = metrics.counter("tidegate_calls", ROUTE, "connect", "POST", "ok", "");
    const durations = metrics.histogram("tidegate_call_duration", ROUTE, "ok");
    return () => {
      exchange.begin({ headers: new Headers() }, held);
      calls.add(1);
      durations.record(Math.floor(20 + 80 * runtime.random()));
      reporter.changed(Date.now(), held);
    };
  });
  let calls = 0;
  const arrive = (): void => {
    calls += 1;
    isolates[Math.floor(runtime.random() * isolates.length)]!();
    runtime.world.after((-Math.log(1 - runtime.random()) * 1_000) / traffic.callsPerSecond, arrive);
  };
  runtime.install();
  try {
    runtime.world.after(0, arrive);
    await runtime.run(traffic.warmSeconds * 1_000);
    const before = { ...runtime.operations, calls };
    await runtime.run(traffic.seconds * 1_000);
    const { operations } = runtime;
    return {
      ...operations,
      calls: calls - before.calls,
      objectRequests: operations.objectRequests - before.objectRequests,
      rowsRead: operations.rowsRead - before.rowsRead,
      rowsWritten: operations.rowsWritten - before.rowsWritten,
    };
  } finally {
    runtime.dispose();
  }
}
