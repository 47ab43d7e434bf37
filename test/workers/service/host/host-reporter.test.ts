// Reports of a host: within their time after a call, by one request at a time, and again until a relay has them.
import { afterEach, expect, it, vi } from "vitest";
import type { ExchangeReply, ExchangeRequest } from "../../../../core/exchange/messages.ts";
import type { MetricsReport } from "../../../../core/metrics/report.ts";
import { HostReporter } from "../../../../workers/service/host/host-reporter.ts";

afterEach(() => void vi.restoreAllMocks());

const TIMES = { reportMs: 5, watchMs: 60_000, timeoutMs: 50 };
const report = (sequence: number): MetricsReport => ({ boot: "b", sequence, series: [], gauges: [], hotKeys: [] });
const reply = (acknowledged: number): ExchangeReply => ({ version: 1, shards: 4, nextMs: 5_000, earlyMs: 500, metrics: { acknowledged } });

function reporting(respond: (request: ExchangeRequest) => Promise<ExchangeReply>, times = TIMES) {
  let unsent = [report(1)];
  const metrics = {
    get hasUnsent() {
      return unsent.length > 0;
    },
    reports: () => unsent,
    acknowledged: (sequence: number) => {
      unsent = unsent.filter((one) => one.sequence > sequence);
    },
  };
  const sent: ExchangeRequest[] = [];
  const names: string[] = [];
  const relays = {
    getByName: (name: string) => {
      names.push(name);
      return {
        exchange: (request: ExchangeRequest) => {
          sent.push(request);
          return respond(request);
        },
      };
    },
  };
  const waited: Promise<unknown>[] = [];
  const platform = { waitUntil: (work: Promise<unknown>) => void waited.push(work) };
  const reporter = new HostReporter(metrics, relays, times);
  const call = (headers: Record<string, string> = {}) => reporter.changed({ headers: new Headers(headers) }, platform, Date.now());
  return { call, sent, names, waited, isUnsent: () => unsent.length > 0 };
}

it("sends what has changed to a relay of its region, in the background of one call", async () => {
  const { call, sent, names, waited } = reporting(async () => reply(1));
  for (let calls = 0; calls < 3; calls++) call({ "tidegate-region": "weur" });
  expect([waited.length, sent.length]).toEqual([1, 0]);
  await Promise.all(waited);
  expect(sent).toHaveLength(1);
  expect(sent[0]).toMatchObject({ shards: 16, isFirst: true, metrics: { fromService: true, reports: [{ report: report(1), ageMs: 0 }] } });
  expect(names[0]).toMatch(/^weur\/relay-\d+$/);
});

it("sends a report again that no relay has acknowledged, with its age, and logs the failure", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  let calls = 0;
  const { call, sent, waited, isUnsent } = reporting(async () => {
    calls += 1;
    if (calls === 1) throw new Error("relay is down");
    if (calls === 2) return new Promise(() => undefined); // never responds
    return reply(1);
  });
  call();
  await Promise.all(waited);
  expect(isUnsent()).toBe(false);
  expect(sent.map(({ metrics }) => metrics!.reports[0]!.ageMs > 0)).toEqual([false, true, true]);
  expect(warn).toHaveBeenCalledTimes(2);
});

it("gives up in time, so that the platform need not end it, and tries again with the next call", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  let isDown = true;
  const { call, waited, isUnsent } = reporting(
    async () => {
      if (isDown) throw new Error("down");
      return reply(1);
    },
    { ...TIMES, watchMs: 20 },
  );
  call();
  await Promise.all(waited);
  expect(isUnsent()).toBe(true);
  isDown = false;
  call();
  await Promise.all(waited);
  expect([waited.length, isUnsent()]).toEqual([2, false]);
});
