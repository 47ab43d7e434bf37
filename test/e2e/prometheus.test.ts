// Debian's Prometheus scrapes real gateways under a load whose outcome is known: counts agree exactly, percentiles within the stated error,
// as text and with native histograms, of one gateway and of four in two regions. Every query of the dashboard returns data.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { MAX_RELATIVE_ERROR } from "../../core/metrics/buckets.ts";
import { type Dashboard, dashboardQueries } from "../monitoring/dashboard.ts";
import { installed } from "../monitoring/installed.ts";
import { LIMIT, SECRETS } from "../support/monitored/settings.ts";
import { type Ended, Fleet, keyOf } from "./prometheus/fleet.ts";
import { Prometheus } from "./prometheus/server.ts";

const program = installed("prometheus");
const promtool = installed("promtool");
const DEADLINE_MS = 120_000;
const GET_USER = "users.v1.UserService/GetUser";
const LIST_USERS = "users.v1.UserService/ListUsers";
const LIST_ORDERS = "orders.v1.OrderService/ListOrders";
const GET_ORDER = "orders.v1.OrderService/GetOrder";
/** A native bucket is (b, b * 2^(1/64)]; Prometheus 2 places a quantile linearly in it. Clocks have milliseconds. */
const NATIVE_ERROR = 2 * MAX_RELATIVE_ERROR;
const CLOCK_S = 0.002;
const queries = dashboardQueries(JSON.parse(readFileSync("monitoring/grafana/tidegate.json", "utf8")) as Dashboard);
const folder = mkdtempSync(join(tmpdir(), "tidegate-prometheus-"));
const stops: (() => void)[] = [];

afterAll(() => {
  for (const stop of stops) stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Polls until the value is there. @throws Error with the last problem */
async function until<T>(what: string, look: () => Promise<T | undefined>, problem: () => unknown = () => ""): Promise<T> {
  for (const end = Date.now() + DEADLINE_MS; Date.now() < end; await pause(250)) {
    const value = await look();
    if (value !== undefined) return value;
  }
  throw new Error(`no ${what} within ${DEADLINE_MS} ms: ${JSON.stringify(problem())}`);
}

/** @returns the value of which a share of all values are no larger (nearest rank) */
function quantile(values: readonly number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.ceil(share * values.length) - 1]!;
}

/** A round of calls at one gateway: successes, errors of the upstream, refusals of a limit, of a breaker, and cached responses. */
async function round(fleet: Fleet, to: number, number: number): Promise<Ended[]> {
  const delays = Array.from({ length: 10 }, (_, index) => 20 + ((index * 37 + number * 11) % 10) * 30);
  const ended = await Promise.all(delays.map((delayMs) => fleet.call(to, GET_USER, { delayMs })));
  await fleet.call(to, GET_USER, { status: 404 });
  await fleet.call(to, GET_USER, { status: 500 });
  for (let calls = 0; calls < 2; calls++) await fleet.call(to, LIST_USERS, { address: "192.0.2.9" });
  await fleet.call(to, LIST_ORDERS);
  await fleet.call(to, GET_ORDER, { isGet: true });
  return ended;
}

async function counted(server: Prometheus): Promise<Map<string, number>> {
  const samples = (await server.query('sum by (route, code, reason) (tidegate_calls_total{job="tidegate"})')) ?? [];
  return new Map(samples.map(({ metric, value }) => [keyOf(metric["route"]!, metric["code"]!, metric["reason"] ?? ""), value]));
}

const sorted = (counts: ReadonlyMap<string, number>) => [...counts].toSorted(([one], [other]) => (one < other ? -1 : 1));

describe.skipIf(program === undefined || promtool === undefined).each([1, 4])("with %d gateways", (count) => {
  it("Prometheus has the truth", async () => {
    const fleet = new Fleet();
    stops.push(() => fleet.stop());
    await fleet.start(join(folder, `fleet-${count}`), count);
    const target = fleet.gateways[0]!.origin;
    const servers = await Promise.all(
      [false, true].map(async (hasNativeHistograms) => {
        const options = { program: program!, target, token: SECRETS.METRICS_TOKEN, hasNativeHistograms };
        const server = await Prometheus.start({ ...options, folder: join(folder, `prometheus-${count}-${hasNativeHistograms}`) });
        stops.push(() => server.stop());
        return server;
      }),
    );

    // Under load, every panel of the dashboard has something to show.
    const ended: Ended[] = [];
    let isLoading = true;
    const load = Promise.all(
      fleet.gateways.map(async (_, to) => {
        for (let number = 0; isLoading; number++) ended.push(...(await round(fleet, to, number)));
      }),
    );
    try {
      for (const server of servers) await panelsOf(server);
    } finally {
      isLoading = false;
      await load;
    }

    // After it, every call is counted, and none twice.
    for (const server of servers) {
      let last = new Map<string, number>();
      await until(
        "equal counts",
        async () => {
          last = await counted(server);
          return JSON.stringify(sorted(last)) === JSON.stringify(sorted(fleet.truth)) || undefined;
        },
        () => ({ truth: sorted(fleet.truth), counted: sorted(last), lost: fleet.gateways.length }),
      );
      expect(await server.query("tidegate_lost_reports_total")).toMatchObject([{ value: 0 }]);
      expect(await server.problem()).toBe("");
    }
    expect([...fleet.truth.keys()]).toEqual(
      expect.arrayContaining([
        keyOf(GET_USER, "ok", ""),
        keyOf(GET_USER, "not_found", ""),
        keyOf(LIST_USERS, "resource_exhausted", "rate_limited"),
      ]),
    );
    expect(fleet.truth.get(keyOf(LIST_USERS, "ok", ""))).toBe(LIMIT * count);

    await expectQuantiles(servers, ended);
    expectLinted(await (await fetch(`${target}/metrics`, { headers: { authorization: `Bearer ${SECRETS.METRICS_TOKEN}` } })).text());
    for (const stop of stops.splice(0)) stop();
  });
});

/** Every query of the dashboard returns a number, with its variables filled in. */
async function panelsOf(server: Prometheus): Promise<void> {
  await until(
    "scrape",
    async () => ((await server.problem()) === "" ? true : undefined),
    () => server.problem(),
  );
  for (const { title, expr } of queries) {
    const filled = expr
      .replaceAll("$job", "tidegate")
      .replaceAll(/\$(?:route|upstream)\b/g, ".*")
      .replaceAll("$__rate_interval", "20s");
    await until(
      `data of "${title}"`,
      async () => {
        const samples = (await server.query(filled)) ?? [];
        return samples.some(({ value }) => !Number.isNaN(value)) || undefined;
      },
      () => filled,
    );
  }
}

/**
 * What the gateway measures of a call lies between the delay of its upstream and the time that its caller has seen; so do the quantiles.
 * From fixed buckets a quantile is as exact as its bucket is wide.
 */
async function expectQuantiles([text, native]: readonly Prometheus[], ended: readonly Ended[]): Promise<void> {
  const least = ended.map(({ delayMs }) => delayMs / 1_000);
  const most = ended.map(({ tookMs }) => tookMs / 1_000);
  const selector = `{route="${GET_USER}",code="ok"}`;
  for (const share of [0.5, 0.95, 0.99]) {
    const [exact] = (await native!.query(`histogram_quantile(${share}, sum(tidegate_call_duration_seconds${selector}))`))!;
    const [low, high] = [quantile(least, share), quantile(most, share)];
    const shown = `P${share * 100}: ${exact?.value}, between ${low} and ${high}`;
    expect(exact?.value, shown).toBeGreaterThanOrEqual(low * (1 - NATIVE_ERROR) - CLOCK_S);
    expect(exact?.value, shown).toBeLessThanOrEqual(high * (1 + NATIVE_ERROR) + CLOCK_S);
    // Fixed buckets have the same values: as many as the native ones up to each of their bounds.
    const [bucket] = (await text!.query(`histogram_quantile(${share}, sum by (le) (tidegate_call_duration_seconds_bucket${selector}))`))!;
    expect(bucket!.value / exact!.value, `from buckets: ${bucket!.value}; ${shown}`).toBeGreaterThan(0.5);
    expect(bucket!.value / exact!.value, `from buckets: ${bucket!.value}; ${shown}`).toBeLessThan(2);
  }
}

function expectLinted(metrics: string): void {
  const { status, stderr, stdout } = spawnSync(promtool!, ["check", "metrics"], { input: metrics, encoding: "utf8" });
  expect([status, stdout + stderr]).toEqual([0, ""]);
}
