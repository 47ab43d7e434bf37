// The layers of a call, from the outside in: the whole path between a request and its upstream. Compiled once per route, when the
// configuration loads. Read this first.
//
// `layers/` holds one file per line of the lists below. It is longer than other folders because it is a table: a layer is found by its line
// here, layers never import one another, and groups of them would separate neighbors in the list.
import type { DescMessage, DescMethod, Message, Registry } from "@bufbuild/protobuf";
import type { GatewayPolicy } from "../../core/config/gateway.ts";
import type { HttpRoutePolicy } from "../../core/config/http-route.ts";
import { Rejected, type Rejection } from "../../core/rejection.ts";
import type { Validate } from "../../core/validation.ts";
import type { Caches, RouteCache } from "./cache/caches.ts";
import { httpLookups } from "./cache/lookup/http-lookup.ts";
import type { LookupBuilder } from "./cache/lookup/lookup.ts";
import { rpcLookups } from "./cache/lookup/rpc-lookup.ts";
import { type Handler, stack } from "./call/layer.ts";
import { type MethodTraits, methodTraits } from "./call/method-traits.ts";
import type { Route } from "./call/route.ts";
import { upstreamTakesGet } from "./configure/overrides.ts";
import { cache } from "./layers/cache.ts";
import { connectGetAsPost } from "./layers/connect-get.ts";
import { criticality } from "./layers/criticality.ts";
import { deadline } from "./layers/deadline.ts";
import { decodeBody } from "./layers/decode-body.ts";
import { fallback } from "./layers/fallback.ts";
import { fastHit } from "./layers/fast-hit.ts";
import { hashOnField } from "./layers/hash-field.ts";
import { hedge } from "./layers/hedge.ts";
import { invalidate } from "./layers/invalidate.ts";
import { limitBody } from "./layers/limit-body.ts";
import { type Limiters, rateLimitByMessage, rateLimitWithoutMessage } from "./layers/rate-limit.ts";
import { rescue } from "./layers/rescue.ts";
import { retry } from "./layers/retry.ts";
import { type ConcurrencyScope, shed } from "./layers/shed.ts";
import { staticResponse } from "./layers/static-response.ts";
import { streamIdle } from "./layers/stream-idle.ts";
import { trace } from "./layers/trace.ts";
import { transcode } from "./layers/transcode.ts";
import { translate } from "./layers/translate.ts";
import { validate } from "./layers/validate.ts";
import type { ResponseReading } from "./protocol/response-check.ts";
import type { RestRoute } from "./transcode/rules/rules.ts";
import { dispatch } from "./upstream/dispatch/dispatch.ts";
import type { ServedMethod, Upstream } from "./upstream/upstream.ts";

/** What all pipelines of an isolate share. */
export interface SharedParts {
  readonly gateway: Pick<GatewayPolicy, "overload" | "rest">;
  readonly limiters: Limiters;
  readonly scope: ConcurrencyScope; // all calls in flight in the isolate
  readonly caches: Caches;
  readonly types: Registry; // in which details of errors are described
  readonly validator: Validate<DescMessage, Message> | undefined; // undefined where the entry point brings none
}

/** A method as its calls are handled. */
export interface RpcRoute {
  readonly route: Route;
  readonly method: DescMethod;
  readonly served: ServedMethod;
  readonly scope: ConcurrencyScope; // its calls in flight, in whichever protocol they come
}

/** @param rest the HTTP rule by which calls come in, where they are REST */
export function pipeline(rpc: RpcRoute, shared: SharedParts, rest?: RestRoute): Handler {
  const { method, served } = rpc;
  const { policy, upstream } = served;
  const { gateway, limiters, types, caches } = shared;
  const traits = methodTraits(method, rest?.httpMethod);
  const cached = cachedRoute(rpc, shared, rest);
  const reading = readingOf(method, traits, rest, cached);
  return stack(
    [
      // Names the call. Sees every response, refusals too.
      trace(),
      // Serves a stored and fresh response at once, where no layer below has to see the call.
      cached && fastHit(cached.cache, cached.fastLookups),
      // Below this line layers refuse by throwing Rejected; above it there are only responses.
      rescue(),
      // One deadline for the call, whatever it waits for.
      deadline(traits.isUnary ? policy.readTimeoutMs : policy.streamTimeoutMs),
      // How much the call matters; the layers below refuse first what matters less.
      criticality({ own: policy.criticality, trust: gateway.overload.trust }),
      // Bounds the calls in flight in this isolate.
      shed(shared.scope),
      // Before the body is read: a refused call costs no memory.
      rateLimitWithoutMessage(limiters, policy),
      // No byte past the limit goes further.
      limitBody({ form: bodyForm(traits, rest) }),
      // A compressed REST body is decompressed before it is read as JSON.
      rest && decodeBody(),
      // Below this line every call is RPC.
      rest && transcode(rest, { types, timing: gateway.rest.events }),
      // Below this line every message keeps the rules of its proto.
      validate({ input: method.input, mode: policy.validate, validator: shared.validator }),
      // Rules that look into the message wait for it.
      rateLimitByMessage(limiters, policy),
      // Calls with the same value of a field go to the same endpoint.
      hashOnField(traits, upstream.hashField),
      // Ends a stream whose upstream is silent.
      streamIdle(traits, policy.streamIdleMs),
      // Responds where none of the layers below has a response.
      staticResponse(method, served.fallback?.response),
      // A hit is a call, too: it has been counted, and its message is valid.
      cached && cache({ cache: cached.cache, lookups: cached.lookups, timeoutMs: policy.readTimeoutMs }),
      // Stored responses that the call has made wrong are purged.
      invalidate(traits, { tags: policy.invalidates, caches }),
      // For an upstream that takes no GET: its proto does not say that the method has no side effects.
      rest === undefined && traits.hasNoSideEffects && !upstreamTakesGet(method) ? connectGetAsPost() : undefined,
      // Below this line the call is in the protocol of its upstream.
      translate(upstream.protocol, method, types),
      // Sends the call to another upstream while this one is down.
      fallback(served.fallback?.upstream && attempts(rpc, traits, served.fallback.upstream, reading), traits),
    ],
    attempts(rpc, traits, upstream, reading),
  );
}

/** The attempts of a call at one upstream. Layers below `retry` and `hedge` run once per attempt. */
function attempts({ scope, served: { policy } }: RpcRoute, traits: MethodTraits, upstream: Upstream, reading: ResponseReading): Handler {
  return stack(
    [
      // Each further attempt goes to another endpoint.
      retry({ policy: policy.retries, traits, budget: upstream.retryBudget }),
      // A first attempt that takes long gets a second one beside it.
      hedge({ policy: policy.hedging, traits, state: upstream.hedging }),
      // Bounds the attempts in flight of this method.
      shed(scope),
    ],
    dispatch(upstream, reading),
  );
}

interface CachedRoute {
  readonly cache: RouteCache;
  readonly lookups: LookupBuilder;
  readonly fastLookups: LookupBuilder | undefined; // undefined where each call is counted, transcoded, or reported
}

function cachedRoute(
  { route, method, served: { policy, upstream } }: RpcRoute,
  { caches }: SharedParts,
  rest?: RestRoute,
): CachedRoute | undefined {
  const found = caches.of(route.name);
  if (found === undefined) return undefined;
  const lookups = rpcLookups({ method, policy: found.policy, namesVersion: upstream.namesVersion });
  const isSeen = policy.rateLimits.length > 0 || rest !== undefined || policy.validate === "report";
  return { cache: found, lookups, fastLookups: isSeen ? undefined : lookups };
}

/** How responses are read: for REST callers, and to store them, their messages are decoded. */
function readingOf(
  method: DescMethod,
  { isUnary }: MethodTraits,
  rest: RestRoute | undefined,
  cached: CachedRoute | undefined,
): ResponseReading {
  const form = isUnary ? "unary" : "stream";
  return rest === undefined && cached === undefined ? { form } : { form, decodes: method, isPlain: rest !== undefined };
}

/** Lines of a REST stream are bounded where they are read, by `transcode`. */
function bodyForm({ isRequestStream }: MethodTraits, rest: RestRoute | undefined): "message" | "messages" | "lines" {
  if (!isRequestStream) return "message";
  return rest === undefined ? "messages" : "lines";
}

/** Plain HTTP: requests under a prefix, forwarded as they come. */
export interface HttpRoute {
  readonly route: Route;
  readonly policy: HttpRoutePolicy;
  readonly upstream: Upstream;
}

export function httpPipeline({ route, policy, upstream }: HttpRoute, { limiters, scope, caches }: SharedParts): Handler {
  const found = caches.of(route.name);
  const lookups = found && httpLookups(route.name, found.policy);
  const { readTimeoutMs: timeoutMs, rateLimits } = policy;
  return stack(
    [
      // Names the call. Sees every response, refusals too.
      trace(),
      // Serves a stored and fresh response at once, where calls are not counted.
      found && fastHit(found, rateLimits.length === 0 ? lookups : undefined),
      // Below this line layers refuse by throwing Rejected; above it there are only responses.
      rescue(),
      // The body of the response counts, too.
      deadline(timeoutMs),
      // Bounds the calls in flight in this isolate.
      shed(scope),
      // Before the body is read: a refused call costs no memory.
      rateLimitWithoutMessage(limiters, policy),
      // No byte past the limit goes further.
      limitBody({ form: "bytes" }),
      // A hit is a call, too: it has been counted.
      lookups && cache({ cache: found!, lookups, timeoutMs }),
    ],
    dispatch(upstream, { form: "http" }),
  );
}

/** For a call without a route: it is named, and refused in its own protocol. */
export function refuse(rejection: Rejection): Handler {
  return stack([trace(), rescue()], () => Promise.reject(new Rejected(rejection)));
}
