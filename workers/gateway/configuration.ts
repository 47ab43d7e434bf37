// Holds gateway.config.ts against the protos and the Worker's bindings, and tells every problem at once.
import { create, type DescMessage, type DescMethod, type DescService, type Message } from "@bufbuild/protobuf";
import { needsMessage } from "../../core/limit/rule.ts";
import { describe, join, type Problem, suggest } from "../../core/parse.ts";
import { type GatewayInput, type GatewayPolicy, parsePolicy, type RoutePolicy } from "../../core/policy.ts";
import { endpointId, type UpstreamPolicy } from "../../core/upstream.ts";
import type { Validate } from "../../core/validation.ts";
import type { Breakers } from "./breakers.ts";
import { parseDescriptors } from "./descriptors.ts";
import { pool } from "./pool.ts";
import type { Rings } from "./roster.ts";
import { versioned } from "./traffic.ts";
import { compileRest, type RestTable } from "./transcode/rules.ts";
import type { Bindings, Endpoint, Upstream } from "./upstream.ts";

export type Validator = Validate<DescMessage, Message>;

/** A configuration that fits: what may be called, under which policy, and where it runs. */
export interface Configuration {
  readonly policy: GatewayPolicy;
  readonly endpoints: ReadonlyMap<DescMethod, Endpoint>;
  readonly rest: RestTable;
  readonly validate: Validator | undefined;
  readonly buckets: unknown; // the binding TOKEN_BUCKET; there where a route is limited
  readonly rings: Rings | undefined; // the binding HASH_RING; there where endpoints may register
  readonly registryToken: string; // "" where none may
}

/** All that is wrong with a configuration: path, what was found, and the mend. */
export class InvalidConfiguration extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(["gateway.config.ts is not valid:", ...problems.map((problem) => `  ${describe(problem)}`)].join("\n"));
    this.name = "InvalidConfiguration";
    this.problems = problems;
  }
}

/**
 * @param input    what gateway.config.ts exports
 * @param catalog  the services known by their protos
 * @param bindings the Worker's environment
 * @param validate what holds messages to their rules, where the entry brings it
 * @throws InvalidConfiguration with every problem
 */
export function configure(input: GatewayInput, catalog: readonly DescService[], bindings: Bindings, validate?: Validator): Configuration {
  const described = parseDescriptors(input?.descriptors, catalog);
  const known = [...catalog, ...described.services];
  const parsed = parsePolicy(input, new Map(known.map(({ typeName, methods }) => [typeName, methods.map(({ name }) => name)])));
  if (parsed.kind === "invalid") throw new InvalidConfiguration([...described.problems, ...parsed.problems]);
  const { policy } = parsed;

  const served = known.filter(({ typeName }) => policy.services.has(typeName));
  const { table, problems: illegalRules } = compileRest(served, policy.rest);
  const problems = [...described.problems, ...illegalRules];
  const endpoints = new Map<DescMethod, Endpoint>();
  for (const service of served) {
    const settings = policy.services.get(service.typeName)!;
    const upstream = upstreamOf(service.typeName, policy, bindings);
    if (upstream === undefined) {
      const { upstream: base, traffic } = settings;
      const all = [
        base,
        ...(traffic?.canaries ?? []).map(({ upstream }) => upstream),
        ...(traffic?.mirror ? [traffic.mirror.upstream] : []),
      ];
      const found = JSON.stringify(all.flatMap(({ endpoints }) => endpoints.map(({ target }) => target)));
      const mend = "name a service binding that wrangler.toml has, or add this one to it";
      problems.push({ path: `${join("services", service.typeName)}.upstream`, found, mend });
      continue;
    }
    for (const method of service.methods) endpoints.set(method, { policy: settings.methods.get(method.name)!, upstream });
  }
  const policies = [...[...endpoints.values()].map((endpoint) => endpoint.policy), ...(policy.discovery ? [policy.defaults] : [])];
  if (bindings["TOKEN_BUCKET"] === undefined && policies.some(({ rateLimits }) => rateLimits.length > 0)) {
    const mend = "bind the Durable Object class TokenBucket as TOKEN_BUCKET in wrangler.toml";
    problems.push({ path: "rateLimits", found: "no binding TOKEN_BUCKET", mend });
  }
  const { registry } = policy;
  const token = registry === undefined ? "" : bindings[registry.tokenBinding];
  if (registry !== undefined && bindings["HASH_RING"] === undefined) {
    problems.push({
      path: "registry",
      found: "no binding HASH_RING",
      mend: "bind the Durable Object class HashRing as HASH_RING in wrangler.toml",
    });
  }
  if (registry !== undefined && (typeof token !== "string" || token.length < 16)) {
    const mend = `set the secret ${registry.tokenBinding} to at least 16 characters: wrangler secret put, or .dev.vars here`;
    problems.push({
      path: "registry.tokenBinding",
      found: typeof token === "string" ? "a shorter secret" : "no secret of that name",
      mend,
    });
  }
  for (const [method, endpoint] of endpoints) {
    const problem = endpoint.policy.validate === "off" ? undefined : validationProblem(method, validate);
    if (problem !== undefined) problems.push({ path: `validate of ${method.parent.typeName}.${method.name}`, ...problem });
  }
  for (const [method, { policy: route }] of endpoints) problems.push(...limitProblems(method, route));
  if (problems.length > 0) throw new InvalidConfiguration(problems);
  return {
    policy,
    endpoints,
    rest: table,
    validate,
    buckets: bindings["TOKEN_BUCKET"],
    rings: ringsOf(bindings),
    registryToken: String(token),
  };
}

/** What a service's calls go to; undefined where a binding is missing. */
function upstreamOf(service: string, gateway: GatewayPolicy, bindings: Bindings): Upstream | undefined {
  const { upstream, traffic } = gateway.services.get(service)!;
  const own = poolOf(service, service, upstream, gateway, bindings);
  if (own === undefined || traffic === undefined) return own;
  const canaries = traffic.canaries.map(({ name, upstream: policy }) => poolOf(`${service}@${name}`, service, policy, gateway, bindings));
  const mirror = traffic.mirror && poolOf(`${service}@mirror`, service, traffic.mirror.upstream, gateway, bindings);
  if (canaries.includes(undefined) || (traffic.mirror !== undefined && mirror === undefined)) return undefined;
  return versioned({ own, canaries: canaries as Upstream[], mirror }, traffic, gateway.principalHeader);
}

/** A pool of endpoints; it bears the name of its endpoint where there is but one. */
function poolOf(name: string, service: string, policy: UpstreamPolicy, gateway: GatewayPolicy, bindings: Bindings): Upstream | undefined {
  const { principalHeader, registry } = gateway;
  const [first, second] = policy.endpoints;
  const rings = ringsOf(bindings);
  const roster =
    policy.registry && registry !== undefined && rings !== undefined
      ? { service, rings, pollMs: registry.pollMs, health: policy.health }
      : undefined;
  const called = name === service && first !== undefined && second === undefined ? endpointId(first.target) : name;
  const { breaker, throttle } = gateway.services.get(service)!;
  const breakers = bindings["CIRCUIT_BREAKER"] as Breakers | undefined;
  return pool({ name: called, policy, breaker, breakers, throttle, principalHeader, roster }, bindings);
}

function ringsOf(bindings: Bindings): Rings | undefined {
  return bindings["HASH_RING"] as Rings | undefined;
}

/** Rules that look into the message need one, and the field in it. */
function limitProblems(method: DescMethod, { rateLimits, cost }: RoutePolicy): Problem[] {
  if (!needsMessage(rateLimits, cost)) return [];
  const path = `rateLimits of ${method.parent.typeName}.${method.name}`;
  if (method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming") {
    return [{ path, found: "a stream of requests", mend: "use rules and a cost that need no message for this method" }];
  }
  return rateLimits.flatMap(({ name, key }) => {
    if (key.kind !== "field" || hasField(method.input, key.field.split("."))) return [];
    const known = method.input.fields.map((field) => field.name);
    return [
      {
        path: `${join("rateLimits", name)}.key.field`,
        found: key.field,
        mend: `write ${suggest(key.field, known)}, a field of ${method.input.typeName}`,
      },
    ];
  });
}

function hasField(message: DescMessage, [first, ...rest]: readonly string[]): boolean {
  const field = message.fields.find(({ name }) => name === first);
  if (field === undefined) return false;
  return rest.length === 0
    ? field.fieldKind === "scalar" || field.fieldKind === "enum"
    : field.fieldKind === "message" && hasField(field.message, rest);
}

/** Rules are compiled when a message is first held to them: do it here, so that one that can't be is told before anything starts. */
function validationProblem({ input, methodKind }: DescMethod, validate: Validator | undefined): Omit<Problem, "path"> | undefined {
  if (validate === undefined)
    return { found: "an entry without validation", mend: 'set main = "workers/gateway/validating.ts" in wrangler.toml' };
  if (methodKind === "client_streaming" || methodKind === "bidi_streaming") {
    return { found: "a stream of requests", mend: 'write validate: "off" for this method: only single messages are held to rules' };
  }
  try {
    validate(input, create(input));
    return undefined;
  } catch (error) {
    return { found: error instanceof Error ? error.message : String(error), mend: `mend the rules of ${input.typeName} in its proto` };
  }
}
