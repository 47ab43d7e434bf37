// Server bounce: an endpoint that is hot against the others refuses once, and the caller never sees it.
import { expect, it } from "vitest";
import { predictedMsIn } from "../../../core/balance/load-report.ts";
import { HostLoad } from "../../../workers/service/host-load.ts";
import { gatewayTo, json, USER, unary } from "../../support/gateway.ts";

it("an endpoint's refusal sends the call to another one, once; no header of this reaches the caller", async () => {
  const seen: { who: string; told: string | null }[] = [];
  const endpoint = (who: string, ms: number, bounces: boolean) => ({
    fetch: async (url: string, init: RequestInit) => {
      const { headers } = new Request(url, init);
      const told = headers.get("tidegate-load-median");
      seen.push({ who, told });
      const report = { "endpoint-load-metrics": `TEXT cpu_utilization=0.5,named_metrics.predicted_ms=${ms}` };
      if (bounces && told !== null) return new Response(null, { status: 503, headers: { "tidegate-bounced": "1", ...report } });
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
  expect(seen.every(({ told }) => told === null)).toBe(true); // nobody has reported yet, and a caller can't say it
  await scheduler.wait(150);
  seen.length = 0;
  for (let n = 0; n < 4; n++) {
    const answer = await gateway(unary("GetUser"));
    expect(answer.status).toBe(200);
    expect([...answer.headers.keys()].filter((name) => /^(tidegate|endpoint-load)/.test(name))).toEqual([]);
  }
  const bounced = seen.filter(({ who, told }) => who === "A" && told !== null).length;
  expect(bounced).toBeGreaterThan(0);
  expect(seen).toHaveLength(4 + bounced);
  expect(seen.filter(({ told }) => told === null).length).toBe(bounced); // the second try may not be bounced again
});

it("a host refuses what it is told of only while it is hot, and never where nobody tells it of others", () => {
  const host = new HostLoad();
  const ends = Array.from({ length: 5 }, () => host.begin(0));
  for (const end of ends) end(100); // 20 ms of its own for each, and more
  for (let n = 0; n < 4; n++) host.begin(100);
  expect(host.predictedMs).toBeGreaterThan(50);
  expect(host.isTooHot(null)).toBe(false);
  expect(host.isTooHot("nonsense")).toBe(false);
  expect(host.isTooHot("10.0")).toBe(true);
  expect(new HostLoad().isTooHot("10.0")).toBe(false);
});

it.each([
  ["TEXT cpu_utilization=0.3,named_metrics.predicted_ms=12.5", 12.5],
  ["TEXT named_metrics.predicted_ms=7", 7],
  ['JSON {"named_metrics":{"predicted_ms":3}}', 3],
  ["TEXT cpu_utilization=0.3", undefined],
  ["JSON {", undefined],
  ["TEXT named_metrics.predicted_ms=1e9", 1],
  ["TEXT named_metrics.predicted_ms=99999999", undefined],
  ["x".repeat(10_000), undefined],
])("reads a load report: %.40s", (text, ms) => expect(predictedMsIn(text)).toBe(ms));
