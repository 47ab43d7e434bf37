// The effective settings of a route, in the form in which they are written.
import { expect, it } from "vitest";
import { builtInSettings, defaultSettings, type RouteName, settingsOf } from "../../../core/explain/route-settings.ts";
import { byName, parsed, SERVICE } from "./parsed.ts";

const AT = `services["${SERVICE}"]`;
const named = (method: string) => ({ kind: "rpc", service: SERVICE, method }) as const;

it("gives values of the method, the service, the defaults and of none of them, each with its source", () => {
  const { policy, sources } = parsed({ maxBodyBytes: 9, methods: { GetUser: { bodyIdleMs: 7 } } }, { defaults: { readTimeoutMs: 5 } });
  expect(byName(settingsOf(policy, sources, named("GetUser"))!)).toMatchObject({
    bodyIdleMs: [7, `${AT}.methods.GetUser.bodyIdleMs`],
    maxBodyBytes: [9, `${AT}.maxBodyBytes`],
    readTimeoutMs: [5, "defaults.readTimeoutMs"],
    streamTimeoutMs: [3_600_000, "default"],
    streamIdleMs: ["unlimited", "default"],
    cache: [null, "default"],
  });
});

it("shows values as they are written: percent, names of levels, lists, costs", () => {
  const { policy, sources } = parsed({
    criticality: "sheddable",
    concurrency: { callerShare: 30, adaptive: false },
    cost: { header: "x-cost", max: 9 },
    retries: { codes: ["aborted"] },
    addresses: { allow: ["192.0.2.0/24"] },
    fallback: { response: {} },
    methods: { GetUser: { http: [{ get: "/v1/{id}" }], idempotency: "no_side_effects", cache: true }, ListUsers: { cost: 4 } },
  });
  const settings = byName(settingsOf(policy, sources, named("GetUser"))!);
  expect(settings).toMatchObject({
    criticality: ["sheddable", `${AT}.criticality`],
    "concurrency.callerShare": [30, `${AT}.concurrency.callerShare`],
    "concurrency.adaptive": [false, `${AT}.concurrency.adaptive`],
    "concurrency.floor": [null, "default"],
    "cost.header": ["x-cost", `${AT}.cost.header`],
    "cost.estimate": [1, "default"],
    "retries.codes": [["aborted"], `${AT}.retries.codes`],
    "retries.perAttemptMs": ["unlimited", "default"],
    "addresses.allow": ["1 ranges", `${AT}.addresses.allow`],
    "fallback.response": ["a message", `${AT}.fallback.response`],
    http: [["GET /v1/{id}"], `${AT}.methods.GetUser.http`],
    idempotency: ["no_side_effects", `${AT}.methods.GetUser.idempotency`],
    "cache.ttlMs": [300_000, "default"],
  });
  expect(settings).not.toHaveProperty("cache.path");
  expect(byName(settingsOf(policy, sources, named("ListUsers"))!)).toMatchObject({ cost: [4, `${AT}.methods.ListUsers.cost`] });
});

it("gives settings of the upstream with their places in the service, or in the prefix of plain HTTP", () => {
  const httpRoutes = { "/files/": { upstream: { endpoints: [{ binding: "FILES" }], balancer: "maglev" } } };
  const { policy, sources } = parsed({ upstream: { endpoints: [{ binding: "USERS" }], balancer: "maglev" } }, { httpRoutes });
  const sourceOf = (name: RouteName) => byName(settingsOf(policy, sources, name)!)["upstream.balancer"];
  expect(sourceOf(named("GetUser"))).toEqual(["maglev", `${AT}.upstream.balancer`]);
  expect(sourceOf({ kind: "http", prefix: "/files/" })).toEqual(["maglev", 'httpRoutes["/files/"].upstream.balancer']);
});

it("lists the rules that the route names, and no others", () => {
  const rateLimits = { one: { key: "ip", capacity: 10, rate: 1 }, other: { key: "ip", capacity: 20, rate: 1 } };
  const { policy, sources } = parsed({ rateLimits: ["one"] }, { rateLimits });
  const settings = byName(settingsOf(policy, sources, named("GetUser"))!);
  expect(settings).toMatchObject({ "rateLimits.one.capacity": [10, "rateLimits.one.capacity"] });
  expect(settings).not.toHaveProperty(["rateLimits.other.capacity"]);
});

it("knows no route that the configuration does not have", () => {
  const { policy, sources } = parsed();
  expect(settingsOf(policy, sources, named("Other"))).toBeUndefined();
  expect(settingsOf(policy, sources, { kind: "http", prefix: "/a/" })).toBeUndefined();
});

it("distinguishes settings of admin methods from those of the configuration", () => {
  const { policy, sources } = parsed({}, { defaults: { readTimeoutMs: 5 } });
  expect(byName(builtInSettings(policy.defaults, policy, sources))["readTimeoutMs"]).toEqual([5, "built in"]);
  expect(byName(defaultSettings(policy, sources))["readTimeoutMs"]).toEqual([5, "defaults.readTimeoutMs"]);
});
