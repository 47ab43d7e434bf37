// Reading metrics over TelemetryService: from the real Durable Object, and from one that is down, slow, or not bound.
import { env } from "cloudflare:workers";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { MetricsBatch } from "../../../../../core/exchange/metrics/metrics-messages.ts";
import type { GetMetricsResponseSchema, SummarySchema } from "../../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { type MetricsSources, metricsMethods } from "../../../../../workers/gateway/admin/telemetry/metrics-methods.ts";

afterEach(() => void vi.restoreAllMocks());

const ROUTE = "users.v1.UserService/GetUser";
const labels = [ROUTE, "connect", "POST", "ok", ""];

function batch(calls: number): MetricsBatch {
  const series = [{ metric: "tidegate_calls", labels, value: calls }];
  const gauges = [{ metric: "tidegate_calls_in_flight", labels: [ROUTE], value: 2 }];
  const isolates = [{ boot: "isolate", last: 3, received: 1 }];
  return { version: 2, relay: "r", boot: "b", sequence: 1, oldest: 1, series, gauges, isolates, active: 1, hotKeys: [] };
}

/** Reads from a Durable Object of its own. */
async function measured(calls: number): Promise<MetricsSources> {
  const stub = env.TELEMETRY.getByName(`methods-${crypto.randomUUID()}`);
  await stub.receive(batch(calls));
  return { objects: { getByName: () => stub } as unknown as NonNullable<MetricsSources["objects"]>, reporter: undefined };
}

type Context = Parameters<ReturnType<typeof metricsMethods>["getMetrics"]>[1];
const context = (signal = new AbortController().signal) => ({ signal }) as Context;
const summaryOf = (sources: MetricsSources, windowSeconds = 0) =>
  metricsMethods(sources).getSummary({ windowSeconds } as never, context()) as Promise<MessageInitShape<typeof SummarySchema>>;
const codeOf = (response: Promise<unknown>): Promise<string> =>
  response.then(
    () => "ok",
    (error: ConnectError) => error.message,
  );

describe("TelemetryService", () => {
  it("has all metrics with their definitions, and what is lost", async () => {
    const response = (await metricsMethods(await measured(7)).getMetrics({} as never, context())) as MessageInitShape<
      typeof GetMetricsResponseSchema
    >;
    expect(response).toMatchObject({ isolates: 1, lostReports: 2n });
    expect(response.metrics!.find(({ name }) => name === "tidegate_calls")).toMatchObject({
      ...{ unit: "{call}", labels: ["route", "protocol", "method", "code", "reason"] },
      series: [{ labelValues: labels, value: 7 }],
    });
    expect(response.metrics!.find(({ name }) => name === "tidegate_calls_in_flight")?.series).toEqual([{ labelValues: [ROUTE], value: 2 }]);
  });

  it("has the figures of the last seconds", async () => {
    const { total, routes } = await summaryOf(await measured(50));
    expect([total?.rate, total?.inFlight, routes?.[0]?.route]).toEqual([10, 2n, ROUTE]);
  });

  it.each([
    [9, "window_seconds is 9; write 10 to 300, or 0 for 60"],
    [301, "window_seconds is 301"],
    [300, "ok"],
  ])("takes windows of 10 to 300 s: %d", async (seconds, outcome) => {
    expect(await codeOf(summaryOf(await measured(1), seconds))).toContain(outcome);
  });

  it("sends the figures again and again, until the reader goes", async () => {
    const reader = new AbortController();
    const received: number[] = [];
    const request = { windowSeconds: 60, intervalMs: 1_000 } as never;
    for await (const { total } of metricsMethods(await measured(50)).watchSummary(request, context(reader.signal))) {
      received.push(total?.rate ?? 0);
      if (received.length === 2) reader.abort();
    }
    expect(received).toEqual([10, 10]);
  });

  it("says what to bind where there is no Durable Object", async () => {
    expect(await codeOf(summaryOf({ objects: undefined, reporter: undefined }))).toContain(
      "bind the Durable Object class Telemetry as TELEMETRY in wrangler.toml",
    );
  });

  it.each([
    ["fails", () => Promise.reject(new Error("overloaded"))],
    ["does not respond", () => new Promise<never>(() => undefined)],
  ])("responds with unavailable, and what to do, where the Durable Object %s", async (_, summary) => {
    const logged: string[] = [];
    vi.spyOn(console, "warn").mockImplementation((record) => void logged.push(String(record)));
    const objects = { getByName: () => ({ summary, metrics: summary }) };
    expect(await codeOf(summaryOf({ objects, reporter: undefined }))).toBe("[unavailable] metrics cannot be read now; try again");
    expect(logged.join()).toContain("metrics_read_failed");
  });
});
