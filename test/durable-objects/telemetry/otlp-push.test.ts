// When `Telemetry` sends its metrics to a collector. The collector itself is a real one in test/e2e/otlp-push.test.ts.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PushTarget } from "../../../core/exchange/metrics/metrics-messages.ts";
import { OtlpPush } from "../../../durable-objects/telemetry/otlp-push.ts";

const TARGET: PushTarget = { url: "https://collector.example/v1/metrics", header: "x-key", secretBinding: undefined, intervalMs: 10_000 };
const START = Date.UTC(2026, 0, 1);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: START }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A push whose collector responds with what `respond` returns. */
function pushing(respond: () => Response | Promise<Response> = () => new Response("{}"), secrets: object = env) {
  const state = { isStored: true, failures: 0, calls: 0 };
  const sent: { at: number; headers: Headers; calls: number }[] = [];
  vi.spyOn(scheduler, "wait").mockImplementation((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  vi.spyOn(globalThis, "fetch").mockImplementation(async (_, init) => {
    const [metric] = JSON.parse(String(init?.body)).resourceMetrics[0].scopeMetrics[0].metrics;
    sent.push({ at: (Date.now() - START) / 1_000, headers: new Headers(init?.headers), calls: Number(metric.sum.dataPoints[0].asInt) });
    return respond();
  });
  const source = {
    read: () => {
      if (!state.isStored) return undefined;
      const series = [{ metric: "tidegate_calls", labels: ["a"], value: state.calls }];
      return { startedAt: START, series, gauges: [], isolates: 1, lostReports: 0 };
    },
    failed: () => {
      state.failures += 1;
    },
  };
  const push = new OtlpPush(source, secrets as Readonly<Record<string, unknown>>);
  const changed = (target: PushTarget | undefined): void => {
    state.calls += 1;
    push.changed(target, Date.now());
  };
  return { state, sent, changed, stored: () => push.changed(TARGET, Date.now()) };
}

it("sends once in an interval, and only after a change", async () => {
  const { sent, changed } = pushing();
  changed(TARGET);
  await vi.advanceTimersByTimeAsync(3_000);
  changed(TARGET);
  await vi.advanceTimersByTimeAsync(3_000);
  changed(TARGET);
  await vi.advanceTimersByTimeAsync(60_000);
  changed(TARGET);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sent.map(({ at, calls }) => [at, calls])).toEqual([
    [0, 1],
    [10, 3],
    [66, 4],
  ]);
});

it("sends nothing without a target", async () => {
  const { sent, changed } = pushing();
  changed(undefined);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sent).toEqual([]);
});

it("sends only what a restart would not take back", async () => {
  const { state, sent, changed, stored } = pushing();
  changed(TARGET);
  changed(TARGET);
  await vi.advanceTimersByTimeAsync(5_000);
  state.isStored = false;
  await vi.advanceTimersByTimeAsync(15_000);
  expect(sent.length).toBe(1);
  state.isStored = true;
  stored();
  await vi.advanceTimersByTimeAsync(0);
  expect(sent.map(({ calls }) => calls)).toEqual([1, 2]);
});

it("tries once more where the collector fails, then counts it and goes on with the next interval", async () => {
  const logged: string[] = [];
  vi.spyOn(console, "warn").mockImplementation((record) => void logged.push(String(record)));
  const { state, sent, changed } = pushing(() => new Response("", { status: 503 }));
  changed(TARGET);
  await vi.advanceTimersByTimeAsync(5_000);
  changed(TARGET);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(sent.map(({ at, calls }) => [at, calls])).toEqual([
    [0, 1],
    [1, 1],
    [10, 2],
    [11, 2],
  ]);
  expect(state.failures).toBe(2);
  expect(logged).toEqual([expect.stringContaining("responded with 503"), expect.stringContaining("metrics_push_failed")]);
});

it("sends the secret of its Worker, and nothing without it", async () => {
  const logged: string[] = [];
  vi.spyOn(console, "warn").mockImplementation((record) => void logged.push(String(record)));
  const { state, sent, changed } = pushing(undefined, { OTLP: "Bearer token" });
  changed({ ...TARGET, secretBinding: "OTLP" });
  await vi.advanceTimersByTimeAsync(0);
  expect(sent[0]!.headers.get("x-key")).toBe("Bearer token");
  changed({ ...TARGET, secretBinding: "NO_SUCH" });
  await vi.advanceTimersByTimeAsync(10_000);
  expect([sent.length, state.failures]).toEqual([1, 1]);
  expect(logged).toEqual([expect.stringContaining("no secret NO_SUCH in the Worker of the Durable Objects")]);
});
