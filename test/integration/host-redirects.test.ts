// Host redirects: an endpoint under more load than the others refuses a call, and its caller never sees that.
import { afterEach, expect, it, vi } from "vitest";
import { parseLoadReport } from "../../core/balance/load-report.ts";
import { MAX_REDIRECTS, MinuteAverage } from "../../core/overload/redirect.ts";
import { HostLoad } from "../../workers/service/host-load.ts";
import { gatewayTo, json, USER, unary } from "../support/gateway.ts";

afterEach(() => void vi.useRealTimers());

it("an endpoint's refusal sends the call to another one, so often as is allowed; no header of this reaches the caller", async () => {
  const seen: { who: string; median: string | null }[] = [];
  const endpoint = (who: string, ms: number, bounces: boolean) => ({
    fetch: async (url: string, init: RequestInit) => {
      const { headers } = new Request(url, init);
      const median = headers.get("tidegate-load-median");
      seen.push({ who, median });
      const report = { "endpoint-load-metrics": `TEXT cpu_utilization=0.5,named_metrics.predicted_ms=${ms}` };
      if (bounces && median !== null) return new Response(null, { status: 503, headers: { "tidegate-redirect": "1", ...report } });
      return json(USER, { headers: report });
    },
  });
  const endpoints = [{ binding: "A" }, { binding: "B" }];
  const gateway = gatewayTo(
    () => json(USER),
    { services: { "users.v1.UserService": { upstream: { endpoints, balancer: "round_robin" } } } },
    { A: endpoint("A", 50, true), B: endpoint("B", 5, false) },
  );
  for (let n = 0; n < 2; n++) await gateway(unary("GetUser", {}, { "tidegate-load-median": "0.001" }));
  expect(seen.every(({ median }) => median === null)).toBe(true); // no endpoint has reported yet, and the caller's own header is dropped
  vi.setSystemTime(Date.now() + 150);
  seen.length = 0;
  for (let n = 0; n < 4; n++) {
    const answer = await gateway(unary("GetUser"));
    expect(answer.status).toBe(200);
    expect([...answer.headers.keys()].filter((name) => /^(tidegate|endpoint-load)/.test(name))).toEqual([]);
  }
  const bounced = seen.filter(({ who, median }) => who === "A" && median !== null).length;
  expect(bounced).toBeGreaterThan(0);
  expect(seen).toHaveLength(4 + bounced);
});

it.each([1, 30])("of %d calls no more are refused than an isolate allows, and none more than twice, where all are hot", async (calls) => {
  let refusals = 0;
  let answers = 0;
  const hot = {
    fetch: async (url: string, init: RequestInit) => {
      const report = { "endpoint-load-metrics": "TEXT named_metrics.predicted_ms=50" };
      if (!new Request(url, init).headers.has("tidegate-load-median")) {
        answers += 1;
        return json(USER, { headers: report });
      }
      refusals += 1;
      return new Response(null, { status: 503, headers: { "tidegate-redirect": "1", ...report } });
    },
  };
  const endpoints = ["A", "B", "C", "D"].map((binding) => ({ binding }));
  const upstream = { endpoints, balancer: "round_robin" as const };
  const gateway = gatewayTo(() => json(USER), { services: { "users.v1.UserService": { upstream } } }, { A: hot, B: hot, C: hot, D: hot });
  for (let n = 0; n < 4; n++) await gateway(unary("GetUser")); // all have reported
  vi.setSystemTime(Date.now() + 150);
  answers = 0;
  for (let n = 0; n < calls; n++) expect((await gateway(unary("GetUser"))).status).toBe(200);
  expect(answers).toBe(calls);
  expect(refusals).toBeGreaterThan(0);
  expect(refusals).toBeLessThanOrEqual(Math.min(calls * MAX_REDIRECTS, 3 + (4 + calls) * 0.17)); // calls before these have added to the budget
});

it.each([
  ["never where keys have to stay", undefined, false],
  ["where load is bounded", 150, true],
] as const)("redirects a call that is hashed by its key %s", async (_, maxLoadPercent, isSent) => {
  const medians: (string | null)[] = [];
  const endpoint = {
    fetch: async (url: string, init: RequestInit) => {
      medians.push(new Request(url, init).headers.get("tidegate-load-median"));
      return json(USER, { headers: { "trailer-endpoint-load-metrics": "TEXT named_metrics.predicted_ms=5" } });
    },
  };
  const upstream = {
    endpoints: [{ binding: "A" }, { binding: "B" }],
    balancer: "consistent_hash" as const,
    hashOn: { header: "x-tenant" },
    ...(maxLoadPercent === undefined ? {} : { maxLoadPercent }),
  };
  const gateway = gatewayTo(() => json(USER), { services: { "users.v1.UserService": { upstream } } }, { A: endpoint, B: endpoint });
  const all = async () => {
    for (let n = 0; n < 20; n++) {
      const { headers } = await gateway(unary("GetUser", {}, { "x-tenant": `tenant-${n}` }));
      expect([...headers.keys()].filter((name) => name.includes("load"))).toEqual([]); // a report in a trailer reaches nobody either
    }
  };
  await all();
  vi.setSystemTime(Date.now() + 150);
  medians.length = 0;
  await all();
  expect(medians.some((median) => median !== null)).toBe(isSent);
});

it("what is usual moves over a minute, whatever a moment says", () => {
  const usual = new MinuteAverage();
  usual.add(0, 0);
  expect(usual.ms).toBe(0);
  for (let at = 0; at <= 300_000; at += 100) usual.add(10, at);
  usual.add(1_000, 300_100);
  expect(usual.ms).toBeLessThan(12);
  for (let at = 300_200; at <= 360_200; at += 100) usual.add(100, at);
  expect(usual.ms).toBeGreaterThan(50);
});

it("a host refuses calls only while it is hot, and never where the gateway sends no median of the others", () => {
  const host = new HostLoad();
  const ends = Array.from({ length: 5 }, () => host.start(0));
  for (const end of ends) end(100); // 20 ms of its own for each, and more
  for (let n = 0; n < 4; n++) host.start(100);
  expect(host.predictedMs).toBeGreaterThan(50);
  expect(host.shouldRedirect(null, 100)).toBe(false);
  expect(host.shouldRedirect("nonsense", 100)).toBe(false);
  expect(host.shouldRedirect("10.0", 100)).toBe(true);
  expect(new HostLoad().shouldRedirect("10.0", 100)).toBe(false);
  const said = Number(host.predictedMs.toFixed(1));
  expect(parseLoadReport(host.report(12))).toEqual({ predictedMs: said, usualMs: said, tookMs: 12 });
  expect(parseLoadReport(host.report())).toEqual({ predictedMs: said, usualMs: said });
});

it.each([
  ["TEXT cpu_utilization=0.3,named_metrics.predicted_ms=12.5", { predictedMs: 12.5 }],
  ["TEXT named_metrics.predicted_ms=7,named_metrics.usual_ms=6, named_metrics.took_ms=5", { predictedMs: 7, usualMs: 6, tookMs: 5 }],
  ['JSON {"named_metrics":{"predicted_ms":3,"usual_ms":4}}', { predictedMs: 3, usualMs: 4 }],
  ["TEXT cpu_utilization=0.3", undefined],
  ["TEXT named_metrics.usual_ms=3", undefined],
  ["JSON {", undefined],
  ["JSON null", undefined],
  ["TEXT named_metrics.predicted_ms=", undefined],
  ["TEXT named_metrics.predicted_ms=-1", undefined],
  ["TEXT named_metrics.predicted_ms=99999999", undefined],
  ["x".repeat(10_000), undefined],
])("reads a load report: %.40s", (text, report) => expect(parseLoadReport(text)).toEqual(report));
