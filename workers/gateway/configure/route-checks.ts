// Settings of a route or an upstream that do not fit the protos or the bindings, each problem with its fix.
import { create, type DescMessage, type DescMethod, type DescService, fromJson, type JsonValue, type Message } from "@bufbuild/protobuf";
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import { hashField, makesCookie } from "../../../core/config/hash-on.ts";
import { join, type Problem, suggest } from "../../../core/config/problems.ts";
import { needsMessage } from "../../../core/config/rate-limit.ts";
import type { RoutePolicy } from "../../../core/config/route.ts";
import type { ServicePolicy } from "../../../core/config/service.ts";
import type { Validate } from "../../../core/validation.ts";
import { isCacheable, NO_SIDE_EFFECTS } from "../cache/cacheable.ts";
import type { Bindings } from "../upstream/destination.ts";
import type { ServedMethod } from "../upstream/upstream.ts";

export type Validator = Validate<DescMessage, Message>;

/** The static response of a fallback as a message, or its problem. */
export function staticResponseOf(
  method: DescMethod,
  response: object | undefined,
): { readonly message: Message | undefined } | Omit<Problem, "path"> {
  if (response === undefined) return { message: undefined };
  if (method.methodKind !== "unary") return { found: "a stream", fix: "write a response for unary methods only" };
  try {
    return { message: fromJson(method.output, response as JsonValue) };
  } catch (error) {
    return { found: String(error), fix: `write the JSON of a ${method.output.typeName}` };
  }
}

/** Rate limits that read the message: the method has to have a single one, with that field. */
export function limitProblems(method: DescMethod, { rateLimits, cost }: RoutePolicy): Problem[] {
  if (!needsMessage(rateLimits, cost)) return [];
  const path = `rateLimits of ${method.parent.typeName}.${method.name}`;
  if (method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming") {
    return [{ path, found: "a stream of requests", fix: "use rules and a cost that need no message for this method" }];
  }
  return rateLimits.flatMap(({ name, key }) => {
    if (key.kind !== "field" || hasField(method.input, key.field.split("."))) return [];
    const known = method.input.fields.map((field) => field.name);
    return [
      {
        path: `${join("rateLimits", name)}.key.field`,
        found: key.field,
        fix: `write ${suggest(key.field, known)}, a field of ${method.input.typeName}`,
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

/** Methods whose messages are validated but cannot be. */
export function validationProblems(endpoints: ReadonlyMap<DescMethod, ServedMethod>, validate: Validator | undefined): Problem[] {
  return [...endpoints].flatMap(([method, { policy }]) => {
    const problem = policy.validate.mode === "off" ? undefined : validationProblem(method, validate);
    return problem === undefined ? [] : [{ path: `validate of ${method.parent.typeName}.${method.name}`, ...problem }];
  });
}

/** Rules are compiled with the first message: here, so that a rule that does not compile is reported before anything starts. */
function validationProblem({ input, methodKind }: DescMethod, validate: Validator | undefined): Omit<Problem, "path"> | undefined {
  if (validate === undefined)
    return { found: "an entry point without validation", fix: 'set main = "workers/gateway/validating.ts" in wrangler.toml' };
  if (methodKind === "client_streaming" || methodKind === "bidi_streaming") {
    return { found: "a stream of requests", fix: 'write validate: "off" for this method: only single messages are checked' };
  }
  try {
    validate(input, create(input));
    return undefined;
  } catch (error) {
    return { found: error instanceof Error ? error.message : String(error), fix: `fix the rules of ${input.typeName} in its proto` };
  }
}

function isOneMessage(kind: DescMethod["methodKind"]): boolean {
  return kind === "unary" || kind === "server_streaming";
}

/** Methods that turn hedging on although they may change something. */
export function hedgingProblems({ typeName, methods }: DescService, { hedgedMethods: hedged }: ServicePolicy): Problem[] {
  return methods.flatMap((method) => {
    if (!hedged.includes(method.name) || isCacheable(method)) return [];
    const path = `${join(join("services", typeName), "methods")}.${method.name}.hedging`;
    const fix = method.methodKind === "unary" ? `remove it, or set ${NO_SIDE_EFFECTS}` : "remove it: only unary methods are hedged";
    return [{ path, found: `hedging for ${method.name}, which may change something`, fix }];
  });
}

/** Streams of requests towards native gRPC upstreams: Cloudflare's edge does not convert them. */
function requestStreamProblems({ typeName, methods }: DescService, { upstream }: ServicePolicy): Problem[] {
  const streams = methods.filter(({ methodKind }) => !isOneMessage(methodKind)).map(({ name }) => name);
  if (upstream.protocol !== "grpc" || upstream.requestStreams !== "refuse" || streams.length === 0) return [];
  return [
    {
      path: `${join("services", typeName)}.upstream.protocol`,
      found: `"grpc" for ${streams.join(", ")}, which take streams of requests`,
      fix: 'write requestStreams: "unimplemented" beside it to serve the other methods, or let the upstream speak gRPC-Web or Connect',
    },
  ];
}

/** Hash sources that do not fit: a field that no message of the service has, or a cookie beside responses that are stored for all callers. */
function hashProblems({ typeName, methods }: DescService, { upstream, methods: routes }: ServicePolicy): Problem[] {
  const path = `${join("services", typeName)}.upstream.hashOn`;
  const field = hashField(upstream.hashOn);
  const problems: Problem[] = [];
  if (field !== undefined && !methods.some(({ input, methodKind }) => isOneMessage(methodKind) && hasField(input, field.split(".")))) {
    const known = [...new Set(methods.flatMap(({ input }) => input.fields.map(({ name }) => name)))];
    problems.push({ path, found: field, fix: `write ${suggest(field, known)}, a field of a request of ${typeName}` });
  }
  if (makesCookie(upstream.hashOn) && [...routes.values()].some(({ cache }) => cache !== undefined))
    problems.push({
      path,
      found: "a cookie to be made",
      fix: "leave ttlSeconds out, or turn the cache off: a stored response goes to all callers",
    });
  return problems;
}

/** Settings of an upstream that do not fit the methods of its service. */
export function upstreamProblems(service: DescService, settings: ServicePolicy): Problem[] {
  return [...hashProblems(service, settings), ...requestStreamProblems(service, settings)];
}

/** Settings of `health` without the Durable Object that brings the results of its checks. */
export function healthProblems({ services, httpRoutes }: Pick<GatewayPolicy, "services" | "httpRoutes">): Problem[] {
  const all = [...services].map(([name, { upstream }]) => [join("services", name), upstream] as const);
  const routes = [...httpRoutes].map(([prefix, { upstream }]) => [join("httpRoutes", prefix), upstream] as const);
  const fix = "bind the Durable Object class Relay as RELAY in wrangler.toml, or leave health out";
  return [...all, ...routes]
    .filter(([, { health }]) => health !== undefined)
    .map(([path]) => ({
      path: `${path}.upstream.health`,
      found: "no binding RELAY, whose Durable Object brings the results of health checks",
      fix,
    }));
}

/** Rate limits without the binding that has their buckets. */
export function bucketProblems(policy: GatewayPolicy, endpoints: ReadonlyMap<DescMethod, ServedMethod>, env: Bindings): Problem[] {
  const served = [...endpoints.values()].map((endpoint) => endpoint.policy);
  const routes = [...served, ...(policy.discovery !== undefined ? [policy.defaults] : []), ...policy.httpRoutes.values()];
  const rules = new Map(routes.flatMap(({ rateLimits }) => rateLimits.map((rule) => [rule.name, rule] as const)));
  const problems = [...rules.values()].flatMap(({ name, binding }) => platformLimitProblems(join("rateLimits", name), binding, env));
  if (env["TOKEN_BUCKET"] !== undefined || rules.size === 0) return problems;
  const fix = "bind the Durable Object class TokenBuckets as TOKEN_BUCKET in wrangler.toml";
  return [...problems, { path: "rateLimits", found: "no binding TOKEN_BUCKET", fix }];
}

function platformLimitProblems(path: string, binding: string | undefined, env: Bindings): Problem[] {
  if (binding === undefined || typeof (env[binding] as { readonly limit?: unknown } | undefined)?.limit === "function") return [];
  const fix = `add it to wrangler.toml under [[ratelimits]]: name = "${binding}", namespace_id, simple = { limit, period }`;
  return [{ path: `${path}.binding`, found: `no binding ${binding}`, fix }];
}
