// Metrics reach a collector of OpenTelemetry: gateway, relay and `Telemetry` run in workerd, and the collector is a server of this test.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { subjects } from "../../bench/subjects.ts";
import { type Running, start } from "../../bench/workerd.ts";

const SECRET = "a secret of the collector";
const TOKEN = "a secret of scrapers, which is long enough";
const METHOD = "users.v1.UserService/ListUsers";
const DEADLINE_MS = 60_000;

interface Point {
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
  readonly asInt?: string;
  readonly count?: string;
  readonly sum?: number;
  readonly scale?: number;
  readonly zeroCount?: string;
  readonly positive?: { readonly bucketCounts: readonly string[] };
}
interface Metric {
  readonly name: string;
  readonly sum?: { readonly dataPoints: readonly Point[] };
  readonly exponentialHistogram?: { readonly dataPoints: readonly Point[] };
}

const folder = mkdtempSync(join(tmpdir(), "tidegate-push-"));
const received: (readonly Metric[])[] = []; // those that the collector has taken
const refused: ServerResponse[] = []; // requests that got no response
const secrets = new Set<unknown>();
let isDown = true;
let gateway: Running | undefined;

const collector = createServer(async (request, response) => {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  secrets.add(request.headers["x-key"]);
  if (isDown) {
    refused.push(response);
    return;
  }
  received.push(JSON.parse(text).resourceMetrics[0].scopeMetrics[0].metrics);
  response.end("{}");
});

beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const otlpUrl = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/metrics`;
  const otlp = { otlpUrl, otlpSecretBinding: "OTLP_SECRET", otlpHeader: "X-Key", otlpIntervalMs: 10_000 };
  const subject = {
    entry: "test/support/pushed/gateway.ts",
    about: "",
    variables: {
      ...{ OTLP_SECRET: SECRET, METRICS_TOKEN: TOKEN },
      METRICS: JSON.stringify({ tokenBinding: "METRICS_TOKEN", ...otlp }),
    },
    objects: [
      { binding: "RELAY", className: "Relay" },
      { binding: "TELEMETRY", className: "Telemetry" },
    ],
    prepare: subjects["gateway"]!.prepare,
  };
  gateway = await start(folder, subject, { upstreamPort: 1, cpu: 0 });
});
afterAll(() => {
  gateway?.stop();
  collector.closeAllConnections();
  collector.close();
  rmSync(folder, { recursive: true, force: true });
});

async function call(): Promise<void> {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  expect((await fetch(`${gateway!.origin}/${METHOD}`, init)).status).toBe(200);
}

/** The value of a metric with such labels in `/metrics`. */
async function scraped(metric: string): Promise<number> {
  const text = await (await fetch(`${gateway!.origin}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })).text();
  return Number(
    text
      .split("\n")
      .find((line) => line.startsWith(metric) && !line.includes("/metrics"))
      ?.split(" ")
      .at(-1) ?? 0,
  );
}

const CALLS = `tidegate_calls_total{route="${METHOD}"`;

it("delays nothing where the collector does not respond, and counts that", async () => {
  await call();
  await expect.poll(() => scraped(CALLS), { timeout: DEADLINE_MS }).toBe(1);
  await expect.poll(() => refused.length, { timeout: DEADLINE_MS }).toBe(1);
  for (let calls = 0; calls < 3; calls++) await call();
  await expect.poll(() => scraped(CALLS), { timeout: DEADLINE_MS }).toBe(4);
  expect(received).toEqual([]);
  await expect.poll(() => scraped("tidegate_metrics_push_failures_total"), { timeout: DEADLINE_MS }).toBe(1);
  expect(refused.length).toBeGreaterThanOrEqual(2); // one attempt and another one
});

it("sends all that was counted once the collector takes it, with the secret", async () => {
  isDown = false;
  await call();
  const pointsOf = (metrics: readonly Metric[] | undefined, name: string): readonly Point[] => {
    const metric = metrics?.find((one) => one.name === name);
    const points = metric?.sum?.dataPoints ?? metric?.exponentialHistogram?.dataPoints ?? [];
    return points.filter(({ attributes }) => attributes.every(({ key, value }) => key !== "route" || value.stringValue === METHOD));
  };
  const pushed = () => pointsOf(received.at(-1), "tidegate_calls")[0]?.asInt;
  await expect.poll(pushed, { timeout: DEADLINE_MS }).toBe("5");
  const last = received.at(-1);
  expect(Number(pointsOf(last, "tidegate_metrics_push_failures")[0]?.asInt)).toBeGreaterThanOrEqual(1);
  const [duration] = pointsOf(last, "tidegate_call_duration");
  expect(duration).toMatchObject({ count: "5", scale: 6 });
  const counts = [duration!.zeroCount!, ...duration!.positive!.bucketCounts].map(Number);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(5);
  expect(duration!.sum).toBeCloseTo(await scraped(`tidegate_call_duration_seconds_sum{route="${METHOD}"`), 9);
  expect([...secrets]).toEqual([SECRET]);
});
