// What of a route's settings does not fit its method, told with the fix.
import { create, type DescMessage, type DescMethod, type DescService, fromJson, type JsonValue, type Message } from "@bufbuild/protobuf";
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import { hashField, makesCookie } from "../../../core/config/hash-on.ts";
import { join, type Problem, suggest } from "../../../core/config/problems.ts";
import { needsMessage } from "../../../core/config/rate-limit.ts";
import type { RoutePolicy } from "../../../core/config/route.ts";
import type { ServicePolicy } from "../../../core/config/service.ts";
import type { Validate } from "../../../core/validation.ts";
import { isCacheable, NO_SIDE_EFFECTS } from "../cache/cacheable.ts";

export type Validator = Validate<DescMessage, Message>;

/** The message of a fallback, or what is wrong with it. */
export function staticResponseOf(
  method: DescMethod,
  answer: object | undefined,
): { readonly message: Message | undefined } | Omit<Problem, "path"> {
  if (answer === undefined) return { message: undefined };
  if (method.methodKind !== "unary") return { found: "a stream", fix: "write an answer for unary methods only" };
  try {
    return { message: fromJson(method.output, answer as JsonValue) };
  } catch (error) {
    return { found: String(error), fix: `write the JSON of a ${method.output.typeName}` };
  }
}

/** Rules that look into the message need one, and the field in it. */
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

/** Rules are compiled when a message is first held to them: do it here, so that one that can't be is told before anything starts. */
export function validationProblem({ input, methodKind }: DescMethod, validate: Validator | undefined): Omit<Problem, "path"> | undefined {
  if (validate === undefined)
    return { found: "an entry without validation", fix: 'set main = "workers/gateway/validating.ts" in wrangler.toml' };
  if (methodKind === "client_streaming" || methodKind === "bidi_streaming") {
    return { found: "a stream of requests", fix: 'write validate: "off" for this method: only single messages are held to rules' };
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

/** Hedging that a method sets for itself, and that its idempotency rules out. */
export function hedgingProblems({ typeName, methods }: DescService, { hedgedMethods: hedged }: ServicePolicy): Problem[] {
  return methods.flatMap((method) => {
    if (!hedged.includes(method.name) || isCacheable(method)) return [];
    const path = `${join(join("services", typeName), "methods")}.${method.name}.hedging`;
    const fix = method.methodKind === "unary" ? `remove it, or set ${NO_SIDE_EFFECTS}` : "remove it: only unary methods are hedged";
    return [{ path, found: `hedging for ${method.name}, which may change something`, fix }];
  });
}

/** Methods that native gRPC upstreams can't be sent: streams of requests, which Cloudflare's edge does not convert. */
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

/** A field that no message of the service has; a cookie for answers that are kept for others, too. */
function hashProblems({ typeName, methods }: DescService, { upstream, methods: routes }: ServicePolicy): Problem[] {
  const path = `${join("services", typeName)}.upstream.hashOn`;
  const field = hashField(upstream.hashOn);
  const problems: Problem[] = [];
  if (field !== undefined && !methods.some(({ input, methodKind }) => isOneMessage(methodKind) && hasField(input, field.split(".")))) {
    const known = [...new Set(methods.flatMap(({ input }) => input.fields.map(({ name }) => name)))];
    problems.push({ path, found: field, fix: `write ${suggest(field, known)}, a field of a request of ${typeName}` });
  }
  if (makesCookie(upstream.hashOn) && [...routes.values()].some(({ cache }) => cache !== undefined))
    problems.push({ path, found: "a cookie to be made", fix: "leave ttlSeconds out, or keep no answers: what is kept goes to all" });
  return problems;
}

/** What does not fit between a service's methods and its upstream. */
export function upstreamProblems(service: DescService, settings: ServicePolicy): Problem[] {
  return [...hashProblems(service, settings), ...requestStreamProblems(service, settings)];
}

/** Settings of `health`, where no object checks it. */
export function healthProblems({ services, httpRoutes }: Pick<GatewayPolicy, "services" | "httpRoutes">): Problem[] {
  const all = [...services].map(([name, { upstream }]) => [join("services", name), upstream] as const);
  const routes = [...httpRoutes].map(([prefix, { upstream }]) => [join("httpRoutes", prefix), upstream] as const);
  const fix = "bind the Durable Object class HashRing as HASH_RING in wrangler.toml, or leave health out";
  return [...all, ...routes]
    .filter(([, { health }]) => health !== undefined)
    .map(([path]) => ({ path: `${path}.upstream.health`, found: "no binding HASH_RING, whose object checks health", fix }));
}
