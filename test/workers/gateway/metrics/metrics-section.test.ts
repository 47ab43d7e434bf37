// The reports of an isolate: what an exchange takes, what is sent again, and the timer for what no exchange has taken.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ExchangeReply, ExchangeRequest } from "../../../../core/exchange/messages.ts";
import { IsolateMetrics } from "../../../../core/metrics/isolate-metrics.ts";
import { Exchange } from "../../../../workers/gateway/background/exchange.ts";
import { IsolateParts } from "../../../../workers/gateway/background/isolate-parts.ts";
import { configure } from "../../../../workers/gateway/configure/configuration.ts";
import { MetricsReporter } from "../../../../workers/gateway/metrics/metrics-section.ts";
import { catalog } from "../../../support/shipped/catalog.ts";

const START = Date.UTC(2026, 0, 1);
const SECONDS = 1_000;

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ["Date", "setTimeout", "clearTimeout"] });
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** An isolate and its relay, which acknowledges all reports unless it is down or takes none. */
function isolate(intervalMs = 5_000) {
  const state = { isDown: false, takesMetrics: true, nextMs: intervalMs };
  const requests: ExchangeRequest[] = [];
  const times: number[] = [];
  const relay = {
    async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
      requests.push(request);
      times.push((Date.now() - START) / SECONDS);
      if (state.isDown) throw new Error("the relay is down");
      const acknowledged = Math.max(0, ...request.metrics!.reports.map(({ report }) => report.sequence));
      return { version: 2, shards: 1, nextMs: state.nextMs, earlyMs: 0, ...(state.takesMetrics && { metrics: { acknowledged } }) };
    },
  };
  const exchange = new Exchange({ getByName: () => relay } as never, intervalMs);
  const metrics = new IsolateMetrics(() => "boot");
  const reporter = new MetricsReporter(metrics, exchange);
  exchange.add(reporter);
  const counter = metrics.counter("tidegate_limiter_waits");
  let held = 0;
  const call = (): void => {
    counter.add(1);
    reporter.changed(Date.now(), () => {
      held += 1;
    });
  };
  const sent = () => requests.flatMap(({ metrics: section }) => section?.reports ?? []);
  return { ...{ state, requests, times, metrics, exchange, reporter, call, sent }, held: () => held };
}

describe("MetricsReporter", () => {
  it("reports a call 5 s later, also when no further call comes, with one timer", async () => {
    const { call, times, sent, held } = isolate();
    call();
    await vi.advanceTimersByTimeAsync(1 * SECONDS);
    call();
    await vi.advanceTimersByTimeAsync(60 * SECONDS);
    expect([times, held()]).toEqual([[5], 1]);
    expect(sent()).toMatchObject([{ ageMs: 0, report: { boot: "boot", sequence: 1, series: [{ value: 2 }] } }]);
  });

  it("sends nothing itself where an exchange has taken the change, and waits 5 s for the next change", async () => {
    const { call, exchange, times } = isolate();
    call();
    await vi.advanceTimersByTimeAsync(2 * SECONDS);
    exchange.require(Date.now());
    await vi.advanceTimersByTimeAsync(1 * SECONDS);
    call();
    await vi.advanceTimersByTimeAsync(60 * SECONDS);
    expect(times).toEqual([2, 8]);
  });

  it("sends a report again until it is acknowledged, with its age, and loses nothing", async () => {
    const { state, call, sent, times } = isolate();
    state.isDown = true;
    call();
    await vi.advanceTimersByTimeAsync(12 * SECONDS);
    expect(times).toEqual([5, 10]);
    state.isDown = false;
    call();
    await vi.advanceTimersByTimeAsync(60 * SECONDS);
    const values = sent().map(({ report, ageMs }) => [report.sequence, ageMs, report.series[0]?.value]);
    expect(values).toEqual([
      [1, 0, 1],
      [1, 5_000, 1],
      [2, 0, undefined],
      [1, 10_000, 1],
      [2, 5_000, undefined],
      [3, 0, 1],
    ]);
  });

  it("gives its timer up before the platform ends it, and starts another one with the next call", async () => {
    const { state, call, times, held } = isolate();
    state.isDown = true;
    call();
    await vi.advanceTimersByTimeAsync(120 * SECONDS);
    expect(times).toEqual([5, 10, 15, 20, 25]);
    call();
    await vi.advanceTimersByTimeAsync(5 * SECONDS);
    expect([times.at(-1), held()]).toEqual([125, 2]);
  });

  it("keeps its memory bounded while the relay is down", async () => {
    const { state, call, requests } = isolate();
    state.isDown = true;
    for (let n = 0; n < 200; n++) {
      call();
      await vi.advanceTimersByTimeAsync(5 * SECONDS);
    }
    expect(Math.max(...requests.map(({ metrics }) => metrics?.reports.length ?? 0))).toBe(4);
    state.isDown = false;
    call();
    await vi.advanceTimersByTimeAsync(30 * SECONDS);
    expect(requests.at(-1)?.metrics?.reports.at(-1)?.report.sequence).toBeLessThan(10);
  });

  it("sends nothing to a relay that takes no metrics, and goes on when it is replaced", async () => {
    const { state, call, exchange, sent, times } = isolate();
    state.takesMetrics = false;
    call();
    await vi.advanceTimersByTimeAsync(60 * SECONDS);
    expect([times, sent().length]).toEqual([[5], 1]);
    call();
    await vi.advanceTimersByTimeAsync(60 * SECONDS);
    expect(times).toEqual([5]);
    state.takesMetrics = true;
    exchange.require(Date.now());
    await vi.advanceTimersByTimeAsync(1 * SECONDS);
    call();
    await vi.advanceTimersByTimeAsync(10 * SECONDS);
    expect(sent().at(-1)?.report.series[0]?.value).toBe(2); // the first report was sent before
  });

  it("honors relays that have too many exchanges, up to 20 s", async () => {
    const { state, call, times } = isolate();
    state.nextMs = 60_000;
    call();
    await vi.advanceTimersByTimeAsync(6 * SECONDS);
    call();
    await vi.advanceTimersByTimeAsync(60 * SECONDS);
    expect(times).toEqual([5, 25]);
  });

  it("reports at once for a reader, who waits no longer than it says", async () => {
    const { state, call, reporter, requests, times } = isolate();
    call();
    await reporter.flush(Date.now(), 1_000);
    expect([times, requests[0]?.metrics?.isAwaited]).toEqual([[0], true]);
    await reporter.flush(Date.now(), 1_000); // nothing is left
    expect(times).toEqual([0]);
    await vi.advanceTimersByTimeAsync(2 * SECONDS);
    state.isDown = true;
    call();
    const waiting = reporter.flush(Date.now(), 1_000);
    await vi.advanceTimersByTimeAsync(1 * SECONDS);
    await waiting;
    expect(times).toEqual([0, 2]);
  });

  it("reports its gauges to a reader where nothing has been counted, and in no other exchange", async () => {
    const { reporter, metrics, exchange, sent } = isolate();
    metrics.collect((to) => to.gauge("tidegate_configuration", 1, "0", "bundled"));
    exchange.require(Date.now());
    await vi.advanceTimersByTimeAsync(2 * SECONDS);
    expect(sent()).toEqual([]);
    await reporter.flush(Date.now(), 1_000);
    expect(sent()).toMatchObject([{ report: { sequence: 1, gauges: [{ metric: "tidegate_configuration", value: 1 }] } }]);
  });
});

describe("a configuration", () => {
  const INPUT = { services: { "users.v1.UserService": { upstream: { binding: "USERS" } } } };
  const { RELAY, TELEMETRY, USERS } = env;

  it.each([
    [{ RELAY, TELEMETRY }, undefined],
    [{ RELAY }, "no metrics: bind the Durable Object class Telemetry as TELEMETRY in wrangler.toml"],
    [{}, "no metrics: bind the Durable Object class Relay as RELAY and the Durable Object class Telemetry as TELEMETRY in wrangler.toml"],
  ])("is valid with the bindings it has, with one warning where there are no metrics", (bindings, warning) => {
    const { reporter, warnings } = configure(INPUT, catalog, { USERS, ...bindings } as never);
    expect(reporter === undefined).toBe(warning !== undefined);
    expect(warnings.filter((line) => line.startsWith("no metrics"))).toEqual(warning === undefined ? [] : [warning]);
  });

  it("shares its reporter with other versions, and leaves the exchange with the last one", () => {
    const parts = new IsolateParts();
    const versions = [parts.version(), parts.version()];
    const compiled = versions.map((version) => configure(INPUT, catalog, { USERS, RELAY, TELEMETRY } as never, undefined, version));
    expect(compiled[0]!.reporter).toBe(compiled[1]!.reporter);
    const exchange = compiled[0]!.exchange!;
    const before = exchange.sections;
    versions[0]!.release();
    expect(exchange.sections).toBe(before);
    versions[1]!.release();
    expect(exchange.sections).toBeLessThan(before);
  });
});
