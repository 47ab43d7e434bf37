// Where the values of a policy come from: the most specific place at which they are written.
import { expect, it } from "vitest";
import { parsePolicy } from "../../../core/config/gateway.ts";
import { Sources } from "../../../core/config/sources.ts";

const SERVICE = "users.v1.UserService";
const AT = `services["${SERVICE}"]`;
const INPUT = {
  auth: { certificates: true },
  rateLimits: { "per-caller": { key: "ip", capacity: 10, rate: 5 } },
  defaults: { readTimeoutMs: 1_000, cache: true, cost: 2, rateLimits: ["per-caller"], retries: { max: 1 } },
  services: {
    [SERVICE]: {
      upstream: { endpoints: [{ binding: "USERS" }], balancer: "random" },
      breaker: { openMs: 900 },
      concurrency: { max: 50 },
      methods: { GetUser: { readTimeoutMs: 500, retries: false, allow: "true" }, ListUsers: {} },
    },
  },
  httpRoutes: { "/assets/": { upstream: { url: "https://a.example" }, maxBodyBytes: 5, maxResponseBytes: 7 } },
};

function parsed() {
  const sources = new Sources();
  const result = parsePolicy(INPUT, new Map([[SERVICE, ["GetUser", "ListUsers", "DeleteUser"]]]), sources);
  if (result.kind !== "ok") throw new Error(JSON.stringify(result.problems));
  return { sources, policy: result.policy };
}

const { sources, policy } = parsed();
const methods = policy.services.get(SERVICE)!.methods;

it.each([
  ["GetUser", "readTimeoutMs", `${AT}.methods.GetUser.readTimeoutMs`],
  ["ListUsers", "readTimeoutMs", "defaults.readTimeoutMs"],
  ["DeleteUser", "readTimeoutMs", "defaults.readTimeoutMs"],
  ["GetUser", "retries.max", `${AT}.methods.GetUser.retries`],
  ["ListUsers", "retries.max", "defaults.retries.max"],
  ["ListUsers", "retries.baseMs", "default"],
  ["ListUsers", "cache.ttlMs", "default"],
  ["ListUsers", "cache", "defaults.cache"],
  ["ListUsers", "cost.tokens", "defaults.cost"],
  ["GetUser", "allow.expression", `${AT}.methods.GetUser.allow`],
  ["DeleteUser", "allow.expression", "default"],
  ["DeleteUser", "concurrency.max", `${AT}.concurrency.max`],
  ["DeleteUser", "concurrency.queueMs", "default"],
  ["DeleteUser", "maxBodyBytes", "default"],
])("%s has %s from %s", (method, name, source) => {
  expect(sources.inherited(methods.get(method)!, name)).toBe(source);
});

it.each([
  ["maxBodyBytes", 'httpRoutes["/assets/"].maxBodyBytes'],
  ["maxResponseBytes", 'httpRoutes["/assets/"].maxResponseBytes'],
  ["readTimeoutMs", "defaults.readTimeoutMs"],
  ["cache", "default"], // plain HTTP does not inherit the cache
  ["cache.ttlMs", "default"],
])("a prefix has %s from %s", (name, source) => {
  expect(sources.inherited(policy.httpRoutes.get("/assets/")!, name)).toBe(source);
});

it.each([
  [`${AT}.upstream.balancer`, `${AT}.upstream.balancer`],
  [`${AT}.upstream.maxConcurrent`, "default"],
  [`${AT}.breaker.openMs`, `${AT}.breaker.openMs`],
  ['rateLimits["per-caller"].capacity', 'rateLimits["per-caller"].capacity'],
  ['rateLimits["per-caller"].mode', "default"],
  ["overload.maxInFlight", "default"],
])("what is written once is found at its path: %s", (path, source) => {
  expect(sources.at(path)).toBe(source);
});

it.each([".capacity", '["per-caller"]', '["per-caller"].capacity', '["a\\"b\\\\"].capacity', '["a.b"].c["d-e"]'])(
  "a value that stands for several settings is the source of those at %s",
  (inner) => {
    const written = new Sources();
    written.wrote("rules", 5);
    expect(written.at(`rules${inner}`)).toBe("rules");
    expect(written.at(`other${inner}`)).toBe("default");
  },
);

it("changes nothing of what is parsed", () => {
  const plain = parsePolicy(INPUT, new Map([[SERVICE, ["GetUser", "ListUsers", "DeleteUser"]]]));
  expect(plain).toEqual({ kind: "ok", policy });
});
