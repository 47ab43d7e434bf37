// The effective settings of a route, each under its documented name and with its source.
import type { GatewayPolicy } from "../config/gateway.ts";
import { HTTP_ROUTE_SETTINGS, type HttpRoutePolicy } from "../config/http-route.ts";
import { join } from "../config/problems.ts";
import { ROUTE_SETTINGS, type RoutePolicy } from "../config/route.ts";
import type { ServicePolicy } from "../config/service.ts";
import type { Sources } from "../config/sources.ts";
import { CRITICALITIES } from "../overload/criticality.ts";
import { gatewaySettings } from "./gateway-settings.ts";
import { type EffectiveSetting, parts, type ShownValue, shown } from "./setting-value.ts";
import { ruleSettings, upstreamSettings } from "./upstream-settings.ts";

/** A route of a configuration: a method of a service, or a prefix of plain HTTP. */
export type RouteName =
  | { readonly kind: "rpc"; readonly service: string; readonly method: string }
  | { readonly kind: "http"; readonly prefix: string };

/** Settings that `upstreamSettings` lists. */
const OF_UPSTREAM: ReadonlySet<string> = new Set(["upstream", "breaker", "throttle"]);

/**
 * All settings that hold for a route: its own, those of its upstream, of the rate limits that it names, and of the gateway.
 *
 * @param sources what was recorded while `policy` was parsed
 * @returns undefined where the configuration has no such route
 */
export function settingsOf(policy: GatewayPolicy, sources: Sources, name: RouteName): readonly EffectiveSetting[] | undefined {
  const owner = name.kind === "rpc" ? policy.services.get(name.service) : policy.httpRoutes.get(name.prefix);
  const route = name.kind === "rpc" ? policy.services.get(name.service)?.methods.get(name.method) : policy.httpRoutes.get(name.prefix);
  if (owner === undefined || route === undefined) return undefined;
  const path = name.kind === "rpc" ? join("services", name.service) : join("httpRoutes", name.prefix);
  return [
    ...ownSettings(route, name.kind, (setting) => sources.inherited(route, setting)),
    ...overrideSettings(owner, name, sources),
    ...ruleSettings(route.rateLimits, sources),
    ...upstreamSettings(owner, path, sources),
    ...gatewaySettings(policy, sources),
  ];
}

/** The settings of an admin method, which the gateway brings itself: what a configuration says for all routes does not hold for it. */
export function builtInSettings(route: RoutePolicy, policy: GatewayPolicy, sources: Sources): readonly EffectiveSetting[] {
  return [...ownSettings(route, "rpc", () => "built in"), ...gatewaySettings(policy, sources)];
}

/** The settings of reflection and health, which the gateway serves under the `defaults`. */
export function defaultSettings(policy: GatewayPolicy, sources: Sources): readonly EffectiveSetting[] {
  const { defaults } = policy;
  return [
    ...ownSettings(defaults, "rpc", (setting) => sources.inherited(defaults, setting)),
    ...ruleSettings(defaults.rateLimits, sources),
    ...gatewaySettings(policy, sources),
  ];
}

function ownSettings(
  route: RoutePolicy | HttpRoutePolicy,
  kind: RouteName["kind"],
  sourceOf: (name: string) => string,
): readonly EffectiveSetting[] {
  const { entries } = kind === "rpc" ? ROUTE_SETTINGS : HTTP_ROUTE_SETTINGS;
  const values: Readonly<Record<string, unknown>> = { ...route, auth: { callers: route.auth, ...route.authEnforcement } };
  const names = Object.keys(entries).filter((name) => !OF_UPSTREAM.has(name));
  return names.flatMap((name) =>
    valuesOf(name, values[name]).map(([part, value]) => {
      const full = part === "" ? name : `${name}.${part}`;
      return { name: full, value, source: sourceOf(full) };
    }),
  );
}

/** The parts of a setting as they are written, where the policy has them in another form. */
function valuesOf(name: string, value: unknown): readonly (readonly [part: string, value: ShownValue])[] {
  const reader = READERS[name];
  return value === undefined || reader === undefined ? parts(value) : reader(value);
}

type Reader = (value: never) => readonly (readonly [part: string, value: ShownValue])[];

const READERS: Readonly<Record<string, (value: unknown) => ReturnType<Reader>>> = {
  criticality: (rank) => [["", CRITICALITIES[rank as number] ?? null]],
  rateLimits: (rules) => [["", (rules as RoutePolicy["rateLimits"]).map((rule) => rule.name)]],
  auth: (auth) => parts(auth).map(([part, value]) => [part === "callers" ? "" : part, value]),
  addresses: (lists) => {
    const { allow, deny, mode, percent } = lists as RoutePolicy["addresses"];
    return [
      ["allow", allow.length === 0 ? "all" : `${allow.length} ranges`],
      ["deny", allow.length + deny.length === 0 ? "none" : `${deny.length} ranges`],
      ["mode", mode],
      ["percent", percent],
    ];
  },
  cost: (cost) => costValues(cost as RoutePolicy["cost"]),
  concurrency: (concurrency) => {
    const { floor, callerShare, ...others } = concurrency as RoutePolicy["concurrency"];
    return [...parts(others), ["callerShare", callerShare * 100], ["adaptive", floor !== undefined], ["floor", shown(floor)]];
  },
  fallback: (fallback) => {
    const { upstream, response } = fallback as RoutePolicy["fallback"];
    return [
      ["upstream", upstream === undefined ? null : "another upstream"],
      ["response", response === undefined ? null : "a message"],
    ];
  },
  cache: (cache) => parts(cache).filter(([part]) => part !== "path"),
};

function costValues(cost: RoutePolicy["cost"]): ReturnType<Reader> {
  switch (cost.kind) {
    case "fixed":
      return [["", cost.tokens]];
    case "response":
      return [
        ["header", cost.header],
        ["estimate", cost.tokens],
        ["max", cost.max],
      ];
    case "message":
      return [
        ["of", "a function"],
        ["max", cost.max],
      ];
  }
}

/** What the configuration says in place of the proto of a method. */
function overrideSettings(owner: ServicePolicy | HttpRoutePolicy, name: RouteName, sources: Sources): readonly EffectiveSetting[] {
  if (name.kind === "http" || !("methodOverrides" in owner)) return [];
  const override = owner.methodOverrides.get(name.method);
  if (override === undefined) return [];
  const { path, http, idempotency } = override;
  const rules = http?.map(({ httpMethod, template }) => `${httpMethod} ${template}`);
  return [
    ...(rules === undefined ? [] : [{ name: "http", value: rules, source: sources.at(join(path, "http")) }]),
    ...(idempotency === undefined ? [] : [{ name: "idempotency", value: idempotency, source: sources.at(join(path, "idempotency")) }]),
  ];
}
