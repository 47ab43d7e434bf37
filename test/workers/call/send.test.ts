// Host redirects and shed calls, through the running gateway: a host refuses before any work, another one serves the call, and the caller
// sees nothing of it.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { MAX_REDIRECTS } from "../../../core/overload/redirect.ts";
import { gatewayTo, json, USER, unary } from "../../support/gateway.ts";

beforeEach(() => void vi.setSystemTime(Date.now())); // what a host has reported counts some time later, however slow the machine is
afterEach(() => void vi.useRealTimers());

it("sends a call that a host refuses to another one, and lets no header of this reach the caller", async () => {
  const seen: { who: string; medianMs: string | null }[] = [];
  const endpoint = (who: string, ms: number, redirects: boolean) => ({
    fetch: async (url: string, init: RequestInit) => {
      const { headers } = new Request(url, init);
      const medianMs = headers.get("tidegate-load-median");
      seen.push({ who, medianMs });
      const report = { "endpoint-load-metrics": `TEXT cpu_utilization=0.5,named_metrics.predicted_ms=${ms}` };
      if (redirects && medianMs !== null) return new Response(null, { status: 503, headers: { "tidegate-redirect": "1", ...report } });
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
  expect(seen.every(({ medianMs }) => medianMs === null)).toBe(true); // no host has reported yet, and the header of a caller does not count
  vi.setSystemTime(Date.now() + 150);
  seen.length = 0;
  for (let n = 0; n < 4; n++) {
    const response = await gateway(unary("GetUser"));
    expect(response.status).toBe(200);
    expect([...response.headers.keys()].filter((name) => /^(tidegate|endpoint-load)/.test(name))).toEqual([]);
  }
  const redirected = seen.filter(({ who, medianMs }) => who === "A" && medianMs !== null).length;
  expect(redirected).toBeGreaterThan(0);
  expect(seen).toHaveLength(4 + redirected);
});

it.each([1, 30])(
  "redirects no more of %d calls than the budget allows, and none more than twice, while all hosts are hot",
  async (calls) => {
    let refusals = 0;
    let responses = 0;
    const hot = {
      fetch: async (url: string, init: RequestInit) => {
        const report = { "endpoint-load-metrics": "TEXT named_metrics.predicted_ms=50" };
        if (!new Request(url, init).headers.has("tidegate-load-median")) {
          responses += 1;
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
    responses = 0;
    for (let n = 0; n < calls; n++) expect((await gateway(unary("GetUser"))).status).toBe(200);
    expect(responses).toBe(calls);
    expect(refusals).toBeGreaterThan(0);
    expect(refusals).toBeLessThanOrEqual(Math.min(calls * MAX_REDIRECTS, 3 + (4 + calls) * 0.17)); // the earlier calls count, too
  },
);

it.each([
  ["never, because keys have to stay", undefined, false],
  ["because load is bounded", 150, true],
] as const)("redirects a call that is picked by its key %s", async (_, maxLoadPercent, isSent) => {
  const medianMs: (string | null)[] = [];
  const endpoint = {
    fetch: async (url: string, init: RequestInit) => {
      medianMs.push(new Request(url, init).headers.get("tidegate-load-median"));
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
      expect([...headers.keys()].filter((name) => name.includes("load"))).toEqual([]); // the caller gets no load report, in a trailer either
    }
  };
  await all();
  vi.setSystemTime(Date.now() + 150);
  medianMs.length = 0;
  await all();
  expect(medianMs.some((median) => median !== null)).toBe(isSent);
});
