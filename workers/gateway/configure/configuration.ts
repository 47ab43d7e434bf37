// Checks gateway.config.ts against the protos and the bindings of the Worker, and reports every problem at once.
import type { DescMethod, DescService, Registry } from "@bufbuild/protobuf";
import type { IdentityPolicy } from "../../../core/config/auth/identity.ts";
import { type GatewayInput, type GatewayPolicy, parsePolicy } from "../../../core/config/gateway.ts";
import { ParsedBlocks } from "../../../core/config/parsed-blocks.ts";
import { describe, type Problem, type SourceRecorder } from "../../../core/config/problems.ts";
import type { RestPolicy } from "../../../core/config/rest.ts";
import { sameSettings } from "../../../core/config/same-settings.ts";
import { GatewayIdentity } from "../auth/identity/gateway-identity.ts";
import { identityKeys, identityProblems } from "../auth/identity/keys.ts";
import { keyProblems } from "../auth/keys/key-checks.ts";
import type { Exchange } from "../background/exchange.ts";
import { IsolateParts, type VersionParts } from "../background/isolate-parts.ts";
import { type GatewayMetrics, metricsOf, metricsWarning } from "../metrics/gateway-metrics.ts";
import { type MetricsReporter, reporterOf } from "../metrics/metrics-section.ts";
import { metricsProblems, reporterWithSinks } from "../metrics/sinks.ts";
import { RouteLayers } from "../own-layers/route-layers.ts";
import { bindingsWithin } from "../region/regional-object.ts";
import { type TapReporter, tapReporter } from "../tap/tap.ts";
import { tracingProblems } from "../tracing/tracing-checks.ts";
import { compileRest, type RestOptions, type RestTable } from "../transcode/rules/rules.ts";
import type { Bindings } from "../upstream/destination.ts";
import type { ServedMethod, Upstream } from "../upstream/upstream.ts";
import { type AdminTokens, adminProblems, adminTokens } from "./admin-checks.ts";
import { compileExpressions, type RouteExpressions } from "./auth/expressions.ts";
import { signingProblems } from "./auth/signing-checks.ts";
import { authProblems } from "./auth-checks.ts";
import { cachingProblems } from "./cache-checks.ts";
import { type ParsedDescriptors, parseDescriptors } from "./descriptors/descriptors.ts";
import { type Extensions, NO_EXTENSIONS } from "./extensions.ts";
import { headerProblems } from "./header-checks.ts";
import { configuredRules, overridden, refusedRule, skippedRule } from "./overrides.ts";
import { reachProblems, runsLocally } from "./reach-checks.ts";
import { bucketProblems, healthProblems, limitProblems, type Validator, validationProblems } from "./route-checks.ts";
import { serveMethods } from "./served-methods.ts";
import { typesOf } from "./types.ts";
import { exchangeOf, httpUpstreams } from "./upstreams.ts";

/** A valid configuration, compiled: the methods that may be called, their policies, and their upstreams. */
export interface Configuration {
  readonly policy: GatewayPolicy;
  readonly services: readonly DescService[]; // the listed ones, with the idempotency of the configuration
  readonly endpoints: ReadonlyMap<DescMethod, ServedMethod>;
  readonly rest: RestTable;
  readonly types: Registry; // types of error details and of Any fields
  readonly warnings: readonly string[]; // a line each, for what does not keep the gateway from starting
  readonly http: ReadonlyMap<string, Upstream>; // upstreams of plain HTTP, by prefix
  readonly pools: ReadonlyMap<string, Upstream>; // every pool of endpoints, by the name that breakers, logs and metrics give it
  readonly validate: Validator | undefined;
  readonly expressions: RouteExpressions;
  readonly layers: RouteLayers; // the team's own ones
  readonly exchange: Exchange | undefined; // undefined where wrangler.toml has no RELAY
  readonly metrics: GatewayMetrics | undefined; // undefined where nothing is counted
  readonly reporter: MetricsReporter | undefined; // reports what is counted; undefined where nothing is
  readonly tap: TapReporter | undefined; // live calls; undefined where nobody can watch them
  readonly env: Bindings; // the environment that the checks have seen; `readBindings` gives its bindings their types
  readonly tokens: AdminTokens;
  readonly identity: GatewayIdentity | undefined; // where services learn who calls
  /** The same policy, parsed again by the same code, while `sources` records where each value is written. For explanations. */
  readonly parseAgain: (sources: SourceRecorder) => GatewayPolicy;
  /** Compiles another input with the same protos, bindings and extensions. @throws InvalidConfiguration with every problem */
  readonly recompile: (other: GatewayInput) => Configuration;
  readonly parts: VersionParts; // what other versions of the configuration share with this one
}

/** All problems of a configuration, each with its path, the value found, and the fix. */
export class InvalidConfiguration extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(["gateway.config.ts is not valid:", ...problems.map((problem) => `  ${describe(problem)}`)].join("\n"));
    this.name = "InvalidConfiguration";
    this.problems = problems;
  }
}

/**
 * @param input      what gateway.config.ts exports
 * @param catalog    the services known by their protos
 * @param bindings   the Worker's environment
 * @param extensions what the entry point brings
 * @param parts      of the isolate, where it has several versions of its configuration
 * @throws InvalidConfiguration with every problem
 */
export function configure(
  input: GatewayInput,
  catalog: readonly DescService[],
  bindings: Bindings,
  extensions: Extensions = NO_EXTENSIONS,
  parts = new IsolateParts().version(),
): Configuration {
  const { validator: validate, compiler, layers: bundled = [] } = extensions;
  const sets: unknown = input?.descriptors;
  const described = parts.get("descriptors", { sets, catalog }, () => describedBy(sets, catalog)); // linking them takes longest
  const { known, types } = described;
  const blocks = parts.get("parsed blocks", undefined, () => new ParsedBlocks());
  const policy = policyOf(input, known, described, undefined, blocks);
  const env = bindingsWithin(bindings, policy.durableObjects.jurisdiction);
  const services = listedServices(policy, known);
  const rules = compileRest(services, restOptions(policy.rest, types), configuredRules(policy.services));
  const problems = [
    ...described.problems,
    ...described.unlinked.filter(({ typeName }) => policy.services.has(typeName)).map(({ problem }) => problem),
    ...rules.mistakes,
    ...(policy.rest.onUnsupportedRule === "refuse" ? rules.problems.map(refusedRule) : []),
  ];
  const exchange = exchangeOf(policy, env, parts);
  const tokens = adminTokens(policy, env);
  const metrics = metricsOf(policy.metrics.enabled, tokens.secret, env, parts);
  const source = { policy, env, exchange, parts, metrics, pools: new Map<string, Upstream>() };
  const endpoints = serveMethods(services, source, problems);
  const http = httpUpstreams(source, problems);
  const layers = new RouteLayers(bundled);
  const expressions = compileExpressions(endpoints, policy.httpRoutes, compiler, problems);
  problems.push(
    ...bucketProblems(policy, endpoints, env),
    ...(exchange === undefined ? healthProblems(policy) : []),
    ...adminProblems(policy, env),
    ...[...authProblems(policy.auth, env), ...signingProblems(policy.auth, env)],
    ...keyProblems(policy.auth.keys, env),
    ...[...identityProblems(policy.auth.identity, env), ...tracingProblems(policy.tracing, env), ...metricsProblems(policy.metrics, env)],
    ...(runsLocally(env) ? [] : reachProblems(policy)),
    ...validationProblems(endpoints, validate),
    ...headerProblems(policy, endpoints, env),
    ...layers.make(layerPolicies(policy, endpoints)),
    ...[...endpoints].flatMap(([method, { policy: route }]) => limitProblems(method, route)),
    ...cachingProblems(policy, endpoints, env["CACHE"]),
  );
  if (problems.length > 0) throw new InvalidConfiguration(problems);
  return {
    policy,
    services,
    endpoints,
    rest: rules.table,
    types,
    warnings: [...rules.problems.map(skippedRule), ...metricsWarning(policy.metrics.enabled, env)],
    http,
    pools: source.pools,
    validate,
    expressions,
    layers,
    exchange,
    metrics,
    reporter: reporterWithSinks(reporterOf(metrics, exchange, parts), policy.metrics, env, parts),
    tap: tapReporter(policy, exchange, env, parts),
    env,
    tokens,
    identity: identityOf(policy.auth.identity, env, parts),
    parseAgain: (sources) => policyOf(input, known, described, sources),
    recompile: (other) => configure(other, catalog, bindings, extensions),
    parts,
  };
}

/** The services and types that a configuration can name, and what is wrong with its descriptors. */
interface Described extends ParsedDescriptors {
  readonly known: readonly DescService[]; // those of the catalog, then those of the descriptors
  readonly types: Registry;
}

function describedBy(sets: unknown, catalog: readonly DescService[]): Described {
  const parsed = parseDescriptors(sets, catalog);
  const known = [...catalog, ...parsed.services];
  return { ...parsed, known, types: typesOf(known, parsed.files) };
}

/** One object for all versions that say the same: what is compiled with it holds for them. */
function restOptions(rest: RestPolicy, registry: Registry): RestOptions {
  const latest = REST_OPTIONS.get(registry);
  if (latest !== undefined && sameSettings(latest.rest, rest)) return latest.options;
  const options = { ...rest, registry };
  REST_OPTIONS.set(registry, { rest, options });
  return options;
}

const REST_OPTIONS = new WeakMap<Registry, { readonly rest: RestPolicy; readonly options: RestOptions }>();

/** The own layers of all routes, and of the gateway's own services. */
function layerPolicies({ defaults, httpRoutes }: GatewayPolicy, endpoints: ReadonlyMap<DescMethod, ServedMethod>) {
  return [defaults, ...[...endpoints.values()].map(({ policy }) => policy), ...httpRoutes.values()].map(({ layers }) => layers);
}

function identityOf(policy: IdentityPolicy | undefined, env: Bindings, parts: VersionParts): GatewayIdentity | undefined {
  return policy && parts.get("identity", policy, () => new GatewayIdentity(policy, identityKeys(policy, env)));
}

/** @throws InvalidConfiguration where a setting is wrong: nothing else can be checked then */
function policyOf(
  input: GatewayInput,
  known: readonly DescService[],
  { unlinked, problems }: ParsedDescriptors,
  sources?: SourceRecorder,
  blocks?: ParsedBlocks,
): GatewayPolicy {
  const names = known.map(({ typeName, methods }) => [typeName, methods.map(({ name }) => name)] as const);
  const declared = new Map([...unlinked.map(({ typeName, methods }) => [typeName, methods] as const), ...names]);
  const parsed = parsePolicy(input, declared, sources, blocks);
  if (parsed.kind === "invalid") throw new InvalidConfiguration([...problems, ...parsed.problems]);
  return parsed.policy;
}

/** The services that the configuration lists, with the idempotency that it sets. */
function listedServices(policy: GatewayPolicy, known: readonly DescService[]): DescService[] {
  const byName = new Map(known.map((service) => [service.typeName, service]));
  return [...policy.services].flatMap(([name, { methodOverrides }]) => {
    const service = byName.get(name);
    return service === undefined ? [] : [overridden(service, methodOverrides)];
  });
}
