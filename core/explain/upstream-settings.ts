// The effective settings of an upstream, and of the rate limits of a route.
import { join } from "../config/problems.ts";
import type { RateLimitRule } from "../config/rate-limit.ts";
import type { ServicePolicy } from "../config/service.ts";
import { DEFAULT_SOURCE, type Sources } from "../config/sources.ts";
import { endpointId } from "../config/target.ts";
import type { UpstreamPolicy } from "../config/upstream.ts";
import { type EffectiveSetting, parts, type ShownValue, shown } from "./setting-value.ts";

/** What has an upstream: a service, or a prefix of plain HTTP. */
type Owner = Pick<ServicePolicy, "upstream" | "breaker" | "throttle"> & Partial<Pick<ServicePolicy, "traffic">>;

/** Settings of an upstream that its other ones mean, in the order in which they are shown. */
const SHOWN = ["protocol", "timeoutHeader", "balancer", "hashOn", "maxConcurrent", "maxQueued", "queueMs"] as const;
const POOL = ["slowStartMs", "subset", "zones", "registry", "requestStreams"] as const;

/** @param path of the owner in gateway.config.ts */
export function upstreamSettings(owner: Owner, path: string, sources: Sources): readonly EffectiveSetting[] {
  const { upstream, breaker, throttle, traffic } = owner;
  const setting = (name: string, value: ShownValue): EffectiveSetting => ({ name, value, source: sources.at(`${path}.${name}`) });
  const { factor, ...throttling } = throttle;
  return [
    ...targets(upstream, `${path}.upstream`, sources),
    ...[...SHOWN, ...POOL].map((name) => setting(`upstream.${name}`, shown(upstream[name]))),
    setting("upstream.maxLoadPercent", shown(upstream.maxLoadFactor * 100)),
    ...parts(upstream.retryBudget).map(([part, value]) => setting(`upstream.retryBudget.${part}`, value)),
    ...(upstream.health === undefined ? [] : parts(upstream.health).map(([part, value]) => setting(`upstream.health.${part}`, value))),
    ...parts(breaker).map(([part, value]) => setting(`breaker.${part}`, value)),
    ...parts(throttling).map(([part, value]) => setting(`throttle.${part}`, value)),
    setting("throttle.belowPercent", Math.round(100 / factor)),
    ...(traffic === undefined ? [] : trafficSettings(traffic, setting)),
  ];
}

/** A single target is written without a list. */
function targets({ endpoints, registry }: UpstreamPolicy, path: string, sources: Sources): readonly EffectiveSetting[] {
  const ids = endpoints.map(({ target }) => endpointId(target));
  const single = ["binding", "url"].map((name) => join(path, name)).filter((at) => sources.at(at) === at);
  const source = single.length > 0 ? single.join(" and ") : sources.at(join(path, "endpoints"));
  return [{ name: "upstream.endpoints", value: ids.length === 0 && registry ? "those that register" : shown(ids), source }];
}

function trafficSettings(
  { canaries, mirror }: NonNullable<ServicePolicy["traffic"]>,
  setting: (name: string, value: ShownValue) => EffectiveSetting,
): readonly EffectiveSetting[] {
  return [
    setting(
      "traffic.canaries",
      canaries.map(({ name, percent }) => `${name} ${percent} %`),
    ),
    setting("traffic.mirror", mirror === undefined ? null : `${mirror.percent} %`),
  ];
}

/** The rules that the calls of a route have to pass, each with its own numbers. */
export function ruleSettings(rules: readonly RateLimitRule[], sources: Sources): readonly EffectiveSetting[] {
  return rules.flatMap((rule) => {
    const path = join("rateLimits", rule.name);
    const { key, limit, enforcement, mode, scope, fail, waitMs, ceiling } = rule;
    const { kind, ...named } = key;
    const values = {
      key: [kind, ...Object.values(named)].join(" "),
      capacity: limit.capacity,
      rate: limit.rate,
      intervalMs: limit.intervalMs,
      mode,
      scope,
      fail,
      waitMs,
      ...(ceiling !== undefined && { perAddress: `${ceiling.rule.limit.capacity} tokens` }),
    };
    const former = sources.at(join(path, "enforce")); // the former spelling stands for both
    const all = { ...values, "enforcement.mode": enforcement.mode, "enforcement.percent": enforcement.percent };
    return Object.entries(all).map(([name, value]) => {
      const full = name.split(".").reduce(join, path);
      const isFormer = name.startsWith("enforcement.") && former !== DEFAULT_SOURCE;
      return { name: full, value: shown(value), source: isFormer ? former : sources.at(full) };
    });
  });
}
