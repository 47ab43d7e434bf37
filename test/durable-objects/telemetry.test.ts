// The Durable Object of all metrics: what survives an eviction, how often it writes, and what a reader gets.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { MetricsBatch } from "../../core/exchange/metrics/metrics-messages.ts";
import type { SeriesDelta } from "../../core/metrics/report.ts";
import type { Telemetry } from "../../durable-objects/telemetry.ts";

const START = Date.UTC(2026, 0, 1);
let names = 0;
const fresh = (): DurableObjectStub<Telemetry> => env.TELEMETRY.getByName(`telemetry-${names++}`);

function batch(sequence: number, series: readonly SeriesDelta[], fields: Partial<MetricsBatch> = {}): MetricsBatch {
  const isolates = [{ boot: "isolate", last: sequence, received: 1 }];
  return { version: 2, relay: "r", boot: "b", sequence, oldest: 1, series, gauges: [], isolates, active: 1, hotKeys: [], ...fields };
}

const calls = (value: number): SeriesDelta => ({ metric: "calls", labels: ["a"], value });
const rows = (stub: DurableObjectStub<Telemetry>): Promise<number> =>
  runInDurableObject(stub, (_, { storage }) => storage.sql.exec<{ rows: number }>("SELECT COUNT(*) AS rows FROM record").one().rows);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it("has its totals after an eviction, with the time when they began and what is lost", async () => {
  const stub = fresh();
  const time = { metric: "time", labels: [], histogram: { zeros: 1, sum: 12, offset: -5, counts: [1, 0, 0, 2] } };
  await stub.receive(batch(1, [calls(3), time], { isolates: [{ boot: "isolate", last: 4, received: 1 }] }));
  await evictDurableObject(stub);
  vi.setSystemTime(START + 60_000);
  expect(await stub.metrics()).toMatchObject({ startedAt: START, time: START + 60_000, series: [calls(3), time], lostReports: 3 });
});

it("stores the first change at once and later ones 10 s after it, in one row, without an alarm", async () => {
  const stub = fresh();
  const writes = await runInDurableObject(stub, async (telemetry: Telemetry, { storage }) => {
    const written = vi.spyOn(storage, "transactionSync");
    const waits: number[] = [];
    const wait = vi.spyOn(scheduler, "wait").mockImplementation(async (ms) => void waits.push(ms ?? 0));
    wait.mockImplementationOnce((ms) => {
      waits.push(ms ?? 0);
      vi.setSystemTime(START + 10_000);
      return Promise.resolve();
    });
    telemetry.receive(batch(1, [calls(1)]));
    vi.setSystemTime(START + 4_000);
    for (let sequence = 2; sequence <= 50; sequence++) telemetry.receive(batch(sequence, [calls(1)]));
    const before = written.mock.calls.length;
    await Promise.resolve();
    await Promise.resolve();
    return { before, after: written.mock.calls.length, waits, alarm: await storage.getAlarm() };
  });
  expect(writes).toEqual({ before: 1, after: 2, waits: [6_000], alarm: null });
  expect(await rows(stub)).toBe(1);
  await evictDurableObject(stub);
  expect((await stub.metrics()).series).toEqual([calls(50)]);
});

it("says to relays what is stored, and requests what an eviction has forgotten", async () => {
  const stub = fresh();
  expect(await stub.receive(batch(1, [calls(1)]))).toEqual({ applied: 1, stored: 0 });
  expect(await stub.receive(batch(2, [calls(10)]))).toEqual({ applied: 2, stored: 1 });
  await evictDurableObject(stub);
  expect(await stub.receive(batch(3, [calls(100)], { oldest: 2 }))).toEqual({ applied: 1, stored: 1 });
  await stub.receive(batch(2, [calls(10)], { oldest: 2 }));
  await stub.receive(batch(3, [calls(100)], { oldest: 2 }));
  expect((await stub.metrics()).series).toEqual([calls(111)]);
});

it("goes on without storage that fails, and stores later", async () => {
  const logged: string[] = [];
  vi.spyOn(console, "warn").mockImplementation((record) => void logged.push(String(record)));
  const stub = fresh();
  await runInDurableObject(stub, (telemetry: Telemetry, { storage }) => {
    const write = vi.spyOn(storage, "transactionSync").mockImplementation(() => {
      throw new Error("disk is full");
    });
    expect(telemetry.receive(batch(1, [calls(1)]))).toEqual({ applied: 1, stored: 0 });
    write.mockRestore();
    vi.setSystemTime(START + 10_000);
    telemetry.receive(batch(2, [calls(1)]));
    expect(telemetry.receive(batch(3, []))).toEqual({ applied: 3, stored: 2 });
  });
  expect(logged).toEqual([expect.stringContaining("metrics_store_failed")]);
});

it("stores and reads 20,000 series with long labels and histograms in several rows", async () => {
  const stub = fresh();
  const counts = Array.from({ length: 100 }, (_, index) => index * 1_000);
  const series = Array.from({ length: 20_000 }, (_, index): SeriesDelta => {
    const labels = [`services.v1.Service${index}/Method`, "ü".repeat(20)];
    return index % 2 === 0
      ? { metric: "calls", labels, value: index }
      : { metric: "time", labels, histogram: { zeros: 0, sum: index, offset: 5, counts } };
  });
  await stub.receive(batch(1, series));
  expect(await rows(stub)).toBeGreaterThan(2);
  await evictDurableObject(stub);
  const reading = await stub.metrics();
  expect(reading.series).toEqual(series);
});
