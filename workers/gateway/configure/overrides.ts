// Services with the options of gateway.config.ts in place of the options in their protos.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";
import { Derived } from "../../../core/config/derived.ts";
import type { HttpRuleOverride, Idempotency, MethodOverride } from "../../../core/config/method-override.ts";
import { describe, join, type Problem } from "../../../core/config/problems.ts";
import type { ServicePolicy } from "../../../core/config/service.ts";

const LEVELS: Readonly<Record<Idempotency, Level>> = {
  no_side_effects: Level.NO_SIDE_EFFECTS,
  idempotent: Level.IDEMPOTENT,
  unknown: Level.IDEMPOTENCY_UNKNOWN,
};

/**
 * The service with the idempotency of the configuration in its methods, so that every reader of `DescMethod.idempotency` sees it:
 * retries, hedging, the cache, Connect GET, the reference. `DescMethod.proto` stays as the upstream knows it.
 */
export function overridden(service: DescService, overrides: ReadonlyMap<string, MethodOverride>): DescService {
  if (![...overrides.values()].some(({ idempotency }) => idempotency !== undefined)) return service;
  return COPIES.get(overrides, [service], () => {
    const levels = [...overrides].map(([name, { idempotency }]) => `${name}=${idempotency}`).sort();
    return BY_LEVELS.get(service, [levels.join()], () => copyOf(service, overrides));
  });
}

// Versions of a configuration that say the same of the idempotency of a service share its copy.
const COPIES = new Derived<ReadonlyMap<string, MethodOverride>, DescService>();
const BY_LEVELS = new Derived<DescService, DescService>();

function copyOf(service: DescService, overrides: ReadonlyMap<string, MethodOverride>): DescService {
  const copy: DescService = { ...service, methods: [], method: {} };
  for (const method of service.methods) {
    const idempotency = overrides.get(method.name)?.idempotency;
    const own: DescMethod = { ...method, parent: copy, idempotency: idempotency === undefined ? method.idempotency : LEVELS[idempotency] };
    copy.methods.push(own);
    copy.method[method.localName] = own;
  }
  return copy;
}

/** The HTTP rules of all services that the configuration sets, by the full names of their methods. */
export function configuredRules(services: ReadonlyMap<string, ServicePolicy>): ReadonlyMap<string, readonly HttpRuleOverride[]> {
  const rules = new Map<string, readonly HttpRuleOverride[]>();
  for (const [service, { methodOverrides: overrides }] of services) {
    for (const [method, { http }] of overrides) if (http !== undefined) rules.set(`${service}.${method}`, http);
  }
  return rules;
}

/** Idempotency of streams, which would have no effect: only unary methods are repeated, cached, or called by GET. */
export function overrideProblems({ methods }: DescService, overrides: ReadonlyMap<string, MethodOverride>): Problem[] {
  return methods.flatMap(({ name, methodKind }) => {
    const { path, idempotency } = overrides.get(name) ?? {};
    if (path === undefined || idempotency === undefined || methodKind === "unary") return [];
    const fix = "remove it: only unary methods are repeated, cached, or called by GET";
    return [{ path: join(path, "idempotency"), found: `"${idempotency}" for a stream`, fix }];
  });
}

/** Whether the upstream accepts a Connect GET for a method: it knows the proto, and not our configuration. */
export function upstreamTakesGet({ proto }: DescMethod): boolean {
  return proto.options?.idempotencyLevel === Level.NO_SIDE_EFFECTS;
}

const OWN_RULES = "give the method rules of its own in gateway.config.ts (http: [...], or http: [] for none)";

/** A rule that keeps the gateway from starting. */
export function refusedRule({ path, found, fix }: Problem): Problem {
  return { path, found, fix: `${fix}; or ${OWN_RULES}; or leave such rules out with rest.onUnsupportedRule: "skip"` };
}

/** The warning that names a rule that is left out, and the reason. */
export function skippedRule(problem: Problem): string {
  return `HTTP rule skipped: ${describe(problem)}, or ${OWN_RULES}`;
}
