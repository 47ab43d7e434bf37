// Settings of headers, and the names that the rest of a configuration reads from requests.
import { expect, it } from "vitest";
import { type GatewayPolicy, parsePolicy } from "../../../core/config/gateway.ts";
import { HEADER_RULES } from "../../../core/config/headers.ts";

const SERVICE = { upstream: { binding: "S" } };
const parse = (input: object) => parsePolicy({ services: { S: SERVICE }, ...input }, new Map([["S", ["M"]]]));
const rulesOf = (input: object): GatewayPolicy["headers"] => {
  const parsed = parse(input);
  if (parsed.kind === "invalid") throw new Error(JSON.stringify(parsed.problems));
  return parsed.policy.headers;
};

it("accepts 100 fields of 32 KiB together, and refuses unusual names, where nothing is configured", () => {
  expect(rulesOf({})).toEqual(HEADER_RULES);
  expect(HEADER_RULES).toMatchObject({ maxCount: 100, maxBytes: 32_768, unusualNames: "refuse" });
});

it("forwards what the configuration names", () => {
  const headers = { forward: ["CF-IPCountry"], unusualNames: "pass", maxCount: 10, maxBytes: 1_024 };
  expect(rulesOf({ headers })).toMatchObject({
    ...{ maxCount: 10, maxBytes: 1_024, unusualNames: "pass" },
    forwarded: new Set(["cf-ipcountry"]),
  });
});

it("knows each header that names a caller, a version, or the key of a stored response", () => {
  const rateLimits = {
    key: { key: { header: "X-Key" }, capacity: 1, rate: 1, tiers: { by: { header: "X-Plan" }, plans: { a: { capacity: 1, rate: 1 } } } },
  };
  const hashing = (header: string) => ({ endpoints: [{ binding: "S" }], balancer: "rendezvous", hashOn: { header } });
  const upstream = hashing("X-Hash");
  const traffic = { stickOn: { header: "X-Stick" }, canaries: [{ name: "b", upstream: { binding: "B" }, header: "X-Version" }] };
  const cache = { vary: ["X-Vary"], scope: { header: "X-Scope" } };
  const httpRoutes = { "/a/": { upstream: hashing("X-Http"), cache: { vary: ["X-Http-Vary"] } } };
  expect(rulesOf({ rateLimits, services: { S: { upstream, traffic, cache } }, httpRoutes }).identity).toEqual(
    new Set(["x-key", "x-plan", "x-hash", "x-stick", "x-version", "x-vary", "x-scope", "x-http", "x-http-vary"]),
  );
});

it.each([["connection"], ["Host"], ["tidegate-attempt"], ["a b"]])("does not forward %s", (name) => {
  const parsed = parse({ headers: { forward: [name] } });
  expect(parsed).toMatchObject({ kind: "invalid", problems: [{ path: "headers.forward" }] });
});
