import { expect, it } from "vitest";
import { parsePolicy } from "../../../../core/config/gateway.ts";
import { breakerScopes, canaryName, fallbackName, mirrorName } from "../../../../workers/gateway/upstream/breaker-names.ts";

it("has a scope for every upstream of a service, and for each plain HTTP route", () => {
  const service = {
    upstream: { endpoints: [{ binding: "A" }, { url: "https://b.example" }] },
    traffic: { canaries: [{ name: "v2", upstream: { binding: "V2" } }], mirror: { upstream: { binding: "MIRROR" } } },
    breaker: { mode: "report" as const },
    methods: {
      Get: { fallback: { upstream: { binding: "SPARE" } } },
      Put: { fallback: { upstream: { binding: "OTHER" } } },
    },
  };
  const input = { services: { "a.v1.A": service }, httpRoutes: { "/files/": { upstream: { binding: "FILES" } } } };
  const parsed = parsePolicy(input, new Map([["a.v1.A", ["Get", "Put"]]]));
  if (parsed.kind !== "ok") throw new Error(JSON.stringify(parsed));
  const scopes = breakerScopes(parsed.policy);
  expect(Object.fromEntries(scopes)).toEqual({
    "a.v1.A": { service: "a.v1.A", ids: ["A", "https://b.example"], isRegistered: false, mode: "report" },
    "a.v1.A@v2": { service: "a.v1.A", ids: ["V2"], isRegistered: false, mode: "report" },
    "a.v1.A@mirror": { service: "a.v1.A", ids: ["MIRROR"], isRegistered: false, mode: "report" },
    "a.v1.A@fallback": { service: "a.v1.A", ids: ["SPARE"], isRegistered: false, mode: "report" },
    "a.v1.A@fallback1": { service: "a.v1.A", ids: ["OTHER"], isRegistered: false, mode: "report" },
    "/files/": { service: "/files/", ids: ["FILES"], isRegistered: false, mode: "enforce" },
  });
});

it("names versions, mirrors and fallbacks after their service", () => {
  expect([canaryName("a.v1.A", "v2"), mirrorName("a.v1.A"), fallbackName("a.v1.A", 0), fallbackName("a.v1.A", 2)]).toEqual([
    "a.v1.A@v2",
    "a.v1.A@mirror",
    "a.v1.A@fallback",
    "a.v1.A@fallback2",
  ]);
});
