// The effective settings of an upstream and of rate limits.
import { expect, it } from "vitest";
import { ruleSettings, upstreamSettings } from "../../../core/explain/upstream-settings.ts";
import { byName, parsed, SERVICE } from "./parsed.ts";

const AT = `services["${SERVICE}"]`;

it("names endpoints as they are written: a target, or a list", () => {
  const one = parsed();
  expect(byName(upstreamSettings(one.policy.services.get(SERVICE)!, AT, one.sources))).toMatchObject({
    "upstream.endpoints": [["USERS"], `${AT}.upstream.binding`],
    "upstream.balancer": ["least_time", "default"],
  });
  const list = parsed({
    upstream: { endpoints: [{ url: "https://a.example" }, { binding: "B" }], balancer: "maglev", maxLoadPercent: 150 },
  });
  expect(byName(upstreamSettings(list.policy.services.get(SERVICE)!, AT, list.sources))).toMatchObject({
    "upstream.endpoints": [["https://a.example", "B"], `${AT}.upstream.endpoints`],
    "upstream.balancer": ["maglev", `${AT}.upstream.balancer`],
    "upstream.maxLoadPercent": [150, `${AT}.upstream.maxLoadPercent`],
  });
});

it("gives breaker, throttle, retry budget and traffic with their sources", () => {
  const { policy, sources } = parsed({
    upstream: { binding: "USERS", retryBudget: { percent: 5 } },
    breaker: { openMs: 900 },
    throttle: { belowPercent: 25 },
    traffic: { canaries: [{ name: "next", upstream: { binding: "NEXT" }, percent: 10 }] },
  });
  expect(byName(upstreamSettings(policy.services.get(SERVICE)!, AT, sources))).toMatchObject({
    "breaker.openMs": [900, `${AT}.breaker.openMs`],
    "breaker.probes": [3, "default"],
    "throttle.belowPercent": [25, `${AT}.throttle.belowPercent`],
    "upstream.retryBudget.percent": [5, `${AT}.upstream.retryBudget.percent`],
    "upstream.retryBudget.minPerSecond": [3, "default"],
    "traffic.canaries": [["next 10 %"], `${AT}.traffic.canaries`],
  });
});

it("gives the numbers of a rule", () => {
  const { policy, sources } = parsed(
    { rateLimits: ["by-tenant"] },
    { rateLimits: { "by-tenant": { key: { header: "x-tenant" }, capacity: 10, rate: 2, mode: "local" } } },
  );
  expect(byName(ruleSettings(policy.services.get(SERVICE)!.methods.get("GetUser")!.rateLimits, sources))).toMatchObject({
    'rateLimits["by-tenant"].key': ["header x-tenant", 'rateLimits["by-tenant"].key'],
    'rateLimits["by-tenant"].rate': [2, 'rateLimits["by-tenant"].rate'],
    'rateLimits["by-tenant"].mode': ["local", 'rateLimits["by-tenant"].mode'],
    'rateLimits["by-tenant"].fail': [expect.anything(), "default"],
  });
});

it("gives how far a rule is in force with its place, in either spelling; its other settings have their own", () => {
  const rule = { key: "ip", capacity: 10, rate: 2 };
  const rateLimits = { now: { ...rule, enforcement: { mode: "enforce", percent: 10 } }, former: { ...rule, enforce: 20 } };
  const { policy, sources } = parsed({ rateLimits: ["now", "former"] }, { rateLimits });
  expect(byName(ruleSettings(policy.services.get(SERVICE)!.methods.get("GetUser")!.rateLimits, sources))).toMatchObject({
    "rateLimits.now.enforcement.mode": ["enforce", "rateLimits.now.enforcement.mode"],
    "rateLimits.now.enforcement.percent": [10, "rateLimits.now.enforcement.percent"],
    "rateLimits.former.enforcement.percent": [20, "rateLimits.former.enforce"],
    "rateLimits.former.rate": [2, "rateLimits.former.rate"],
  });
});
