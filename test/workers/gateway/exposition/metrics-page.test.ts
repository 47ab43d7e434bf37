// GET /metrics: the formats, what a scraper gets where the object of the metrics fails, and methods.
import { expect, it, vi } from "vitest";
import type { RecordedMetrics } from "../../../../core/metrics/exposition/snapshot-of.ts";
import type { Rejected } from "../../../../core/rejection.ts";
import { httpRoute } from "../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../workers/gateway/call.ts";
import { METRICS_PATH, metricsPage } from "../../../../workers/gateway/exposition/metrics-page.ts";
import { REST } from "../../../../workers/gateway/protocol/protocol.ts";

const RECORDED: RecordedMetrics = {
  startedAt: 0,
  series: [{ metric: "tidegate_calls", labels: ["a", "connect", "POST", "ok", ""], value: 3 }],
  gauges: [],
  isolates: 1,
  lostReports: 0,
};
const ROUTE = httpRoute(METRICS_PATH, { maxBodyBytes: 0 });

function scrape(read: () => Promise<RecordedMetrics>, headers: Record<string, string> = {}, method = "GET") {
  const request = new Request(`https://gateway.example${METRICS_PATH}`, { method, headers });
  return metricsPage(read)(new Call(request, REST, ROUTE, METRICS_PATH, "", 0));
}

const working = () => Promise.resolve(RECORDED);
const rejectionOf = (failing: Response | Promise<Response>) =>
  Promise.resolve(failing).then(undefined, (error: unknown) => (error as Rejected).rejection);

it.each([
  ["text/plain", "text/plain; version=0.0.4; charset=utf-8"],
  ["application/openmetrics-text;version=1.0.0", "application/openmetrics-text; version=1.0.0; charset=utf-8"],
])("writes %s", async (accept, type) => {
  const response = await scrape(working, { accept });
  expect([response.headers.get("content-type"), response.headers.get("cache-control")]).toEqual([type, "no-store"]);
  expect(await response.text()).toContain('tidegate_calls_total{route="a",protocol="connect",method="POST",code="ok"} 3\n');
});

it("writes protobuf, delimited", async () => {
  const accept = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
  const response = await scrape(working, { accept });
  expect(response.headers.get("content-type")).toBe(
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
  );
  const bytes = await response.bytes();
  expect(new TextDecoder().decode(bytes.subarray(1, 24))).toContain("tidegate_calls_total");
});

it.each([
  ["gzip", "gzip"],
  ["br, gzip;q=0.5", "gzip"],
  ["gzip;q=0, identity", null],
  ["identity", null],
])("declares the compression that %s accepts", async (accepted, want) => {
  expect((await scrape(working, { "accept-encoding": accepted })).headers.get("content-encoding")).toBe(want);
});

it("compresses nothing under npm start, where the field is that of the development server", async () => {
  const request = new Request(`https://gateway.example${METRICS_PATH}`, { headers: { "accept-encoding": "br, gzip" } });
  const response = await metricsPage(working, false)(new Call(request, REST, ROUTE, METRICS_PATH, "", 0));
  expect(response.headers.get("content-encoding")).toBeNull();
});

it("responds to HEAD without reading anything, and to no other method", async () => {
  const read = vi.fn(working);
  const response = await scrape(read, {}, "HEAD");
  expect([response.status, await response.text(), read.mock.calls.length]).toEqual([200, "", 0]);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"])
    expect(await rejectionOf(scrape(read, {}, method))).toMatchObject({ kind: "method_not_allowed", allow: ["GET", "HEAD"] });
  expect(read).not.toHaveBeenCalled();
});

it("is unavailable where the metrics cannot be read", async () => {
  const failing = scrape(() => Promise.reject(new Error("object is down")));
  expect(await rejectionOf(failing)).toEqual({ kind: "upstream_unreachable", upstream: "metrics", wasSent: false });
});
