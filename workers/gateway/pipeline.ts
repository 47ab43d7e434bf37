// The layers of a call, from the outside in: the whole path between a request and its upstream. Compiled once per route, when the
// configuration loads. Read this first.
//
// `layers/` holds one file per line of the lists below. It is longer than other folders because it is a table: a layer is found by its line
// here, layers never import one another, and groups of them would separate neighbors in the list.
import type { DescMessage, DescMethod, Message, Registry } from "@bufbuild/protobuf";
import type { GatewayPolicy } from "../../core/config/gateway.ts";
import type { HttpRoutePolicy } from "../../core/config/http-route.ts";
import type { RoutePolicy } from "../../core/config/route.ts";
import { reportsForSome } from "../../core/enforcement/enforcement.ts";
import { bindEdits } from "../../core/header-edits/header-edits.ts";
import { Rejected, type Rejection } from "../../core/rejection.ts";
import type { Validate } from "../../core/validation.ts";
import type { Authentication } from "./auth/authenticators.ts";
import type { Caches, RouteCache } from "./cache/caches.ts";
import { httpLookups } from "./cache/lookup/http-lookup.ts";
import type { LookupBuilder } from "./cache/lookup/lookup.ts";
import { rpcLookups } from "./cache/lookup/rpc-lookup.ts";
import type { ConcurrencyScope } from "./call/concurrency-scope.ts";
import type { CallObserver } from "./call/end/call-end.ts";
import { type Handler, type Layer, type NamedLayer, type Stack, stack } from "./call/layer.ts";
import { type MethodTraits, methodTraits } from "./call/method-traits.ts";
import type { Route } from "./call/route.ts";
import type { RouteExpressions } from "./configure/auth/expressions.ts";
import { upstreamTakesGet } from "./configure/overrides.ts";
import { ADMIN_AUTH, type AdminAccess, adminAccess } from "./layers/admin-access.ts";
import { authenticate, isGuarded } from "./layers/authenticate.ts";
import { authorizeByHead, authorizeByMessage } from "./layers/authorize.ts";
import { cache } from "./layers/cache.ts";
import { checkDigest } from "./layers/check-digest.ts";
import { checkHeaders } from "./layers/check-headers.ts";
import { connectGetAsPost } from "./layers/connect-get.ts";
import { criticality } from "./layers/criticality.ts";
import { deadline } from "./layers/deadline.ts";
import { decodeBody } from "./layers/decode-body.ts";
import { editRequest, editResponse } from "./layers/edit-headers.ts";
import { fallback } from "./layers/fallback.ts";
import { fastHit } from "./layers/fast-hit.ts";
import { hashOnField } from "./layers/hash-field.ts";
import { hedge } from "./layers/hedge.ts";
import { invalidate } from "./layers/invalidate.ts";
import { limitAddresses } from "./layers/limit-addresses.ts";
import { limitBody, messageForm } from "./layers/limit-body.ts";
import { openStreams } from "./layers/open-streams.ts";
import { rateLimitByMessage, rateLimitWithoutMessage } from "./layers/rate-limit.ts";
import { rescue } from "./layers/rescue.ts";
import { retry } from "./layers/retry.ts";
import { rewritePath } from "./layers/rewrite-path.ts";
import { shed, UNRESERVED_CALLS } from "./layers/shed.ts";
import { span } from "./layers/span.ts";
import { staticResponse } from "./layers/static-response.ts";
import { streamIdle } from "./layers/stream-idle.ts";
import { trace } from "./layers/trace.ts";
import { transcode } from "./layers/transcode.ts";
import { translate } from "./layers/translate.ts";
import { validate } from "./layers/validate.ts";
import { type LayersAt, type RouteLayers, seesEachCall } from "./own-layers/route-layers.ts";
import type { ResponseReading } from "./protocol/response-check.ts";
import type { Limiters } from "./rate-limit/charging.ts";
import type { Tracer } from "./tracing/tracer.ts";
import type { RestRoute } from "./transcode/rules/rules.ts";
import { rewriteSettings } from "./upstream/bases.ts";
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
  readonly auth: Authentication;
  readonly expressions: RouteExpressions;
  readonly layers: RouteLayers; // the team's own ones
  readonly tracer: Tracer | undefined; // undefined where tracing is off
  readonly observer: CallObserver | undefined; // it observes the ends of calls; undefined where none is on
  readonly secretOf: (name: string) => string; // secrets that header fields for upstreams have; the configuration has been checked
}

/** A method as its calls are handled. */
export interface RpcRoute {
  readonly route: Route;
  readonly method: DescMethod;
  readonly served: ServedMethod;
  readonly scope: ConcurrencyScope; // its calls in flight, in whichever protocol they come
}

/**
 * @param rest    the HTTP rule by which calls come in, where they are REST
 * @param combine puts the layers around one another; explanations and traces have their own
 */
export function pipeline(rpc: RpcRoute, shared: SharedParts, rest?: RestRoute, combine: Stack = stack): Handler {
  const { method, served } = rpc;
  const { policy, upstream } = served;
  const { gateway, limiters, types, caches } = shared;
  const traits = methodTraits(method, rest?.httpMethod);
  const own = shared.layers.of(policy.layers, !traits.isRequestStream, rest);
  const cached = cachedRoute(rpc, shared, own, rest);
  const reading = readingOf(method, traits, rest, cached);
  const form = messageForm(traits.isRequestStream, rest !== undefined);
  const patience = { idleMs: policy.bodyIdleMs, pauseMs: policy.requestStreamIdleMs };
  const other = served.fallback?.upstream && attempts(rpc, traits, served.fallback.upstream, reading, combine);
  return combine(
    [
      // Names the call, serves what needs no other layer, and turns refusals into responses.
      ...entrance(policy, shared, own, cached && fastHit(cached.cache, cached.fastLookups)),
      // Who calls, whether that caller may, and how often.
      ...admission(rpc, traits, shared, own),
      // No byte past the limit goes further, and none is waited for too long.
      ["limit-body", limitBody({ form, ...patience, totalMs: policy.readTimeoutMs })],
      // The body of a signed request is the one that was signed.
      ["check-digest", checkDigest(shared.auth)],
      // Bounds the streams that are open at once.
      ["open-streams", openStreams([shared.scope, rpc.scope], !traits.isUnary, shared.observer)],
      // Bounds the calls in flight in this isolate: those that have come in full.
      ["shed", traits.isRequestStream ? undefined : shed(shared.scope, UNRESERVED_CALLS)],
      // A compressed REST body is decompressed before it is read as JSON.
      ["decode-body", rest && decodeBody()],
      // Below this line every call is RPC.
      ["transcode", rest && transcode(rest, { types, timing: gateway.rest.events, ...patience })],
      // Below this line every message keeps the rules of its proto.
      ["validate", validate({ input: method.input, enforcement: policy.validate, validator: shared.validator })],
      // What the caller may do with this message.
      ["authorize", authorizeByMessage(shared.auth, shared.expressions.methods.get(method))],
      // Rules that look into the message wait for it.
      ["rate-limit", rateLimitByMessage(limiters, policy)],
      ...own.before_cache,
      // Calls with the same value of a field go to the same endpoint.
      ["hash-field", hashOnField(traits, upstream.hashField)],
      // Ends a stream whose upstream is silent.
      ["stream-idle", streamIdle(traits, policy.streamIdleMs)],
      // Responds where none of the layers below has a response.
      ["static-response", staticResponse(method, served.fallback?.response)],
      // A hit is a call, too: it has been counted, and its message is valid.
      ["cache", cached && cache({ cache: cached.cache, lookups: cached.lookups, timeoutMs: policy.readTimeoutMs })],
      // Stored responses that the call has made wrong are purged.
      ["invalidate", invalidate(traits, { tags: policy.invalidates, caches })],
      // For an upstream that takes no GET: its proto does not say that the method has no side effects.
      ["connect-get", rest === undefined && traits.hasNoSideEffects && !upstreamTakesGet(method) ? connectGetAsPost() : undefined],
      // Below this line the call is in the protocol of its upstream.
      ["translate", translate(upstream.protocol, method, types)],
      ...own.before_upstream,
      // The header fields that the route has for its upstreams: once for all attempts.
      ["edit-headers", editRequest(bindEdits(policy.requestHeaders, shared.secretOf))],
      // Sends the call to another upstream while this one is down.
      ["fallback", fallback(other, traits), other],
    ],
    attempts(rpc, traits, upstream, reading, combine),
  );
}

/** The layers around every other one of a route. @param own layers of the team @param fast responds where no layer below has to see the call */
function entrance(
  { responseHeaders, serverTiming }: Pick<RoutePolicy, "responseHeaders" | "serverTiming">,
  { auth, secretOf, observer, tracer }: SharedParts,
  own: LayersAt,
  fast: Layer | undefined,
): readonly NamedLayer[] {
  return [
    // The whole call is one span of a trace.
    ["span", span(tracer)],
    // Names the call. Sees every response, refusals too.
    ["trace", trace(auth.anyChallenge, observer, serverTiming)],
    // The team's own layers around everything, and what they refuse.
    ["rescue", own.response.length === 0 ? undefined : rescue()],
    ...own.response,
    // Writes the header fields that the route has for callers: on stored responses and refusals, too.
    ["edit-headers", editResponse(bindEdits(responseHeaders, secretOf))],
    // Serves a stored and fresh response at once, where calls are neither counted nor authenticated.
    ["fast-hit", fast],
    // Below this line layers refuse by throwing Rejected; above it there are only responses.
    ["rescue", rescue()],
    // No header is used, counted or forwarded before all of them have been read.
    ["check-headers", checkHeaders()],
  ];
}

/** The layers that decide about a call before anything of its body is read. */
function admission(
  { method, served }: RpcRoute,
  { isUnary }: MethodTraits,
  { auth, gateway, limiters, expressions }: SharedParts,
  own: LayersAt,
): readonly NamedLayer[] {
  const { policy, access } = served;
  return [
    // Addresses that may not call the route get no further.
    ["limit-addresses", limitAddresses(auth, policy.addresses)],
    // One deadline for the call, whatever it waits for.
    ["deadline", deadline(isUnary ? policy.readTimeoutMs : policy.streamTimeoutMs)],
    ...own.before_auth,
    // Who calls: what is below charges, separates and prefers callers by their principals.
    ["authenticate", authenticate(auth, policy)],
    // What the caller may do, where its message does not matter.
    ["authorize", authorizeByHead(auth, expressions.methods.get(method))],
    // Of an admin service: who may call it. Nothing of the call has been read yet but its head.
    ["admin-access", adminAccess(access, access && authenticate(auth, ADMIN_AUTH))],
    ...own.after_auth,
    // How much the call matters; the layers below refuse first what matters less.
    ["criticality", criticality({ own: policy.criticality, trust: gateway.overload.trust })],
    // Before the body is read: a refused call costs no memory.
    ["rate-limit", rateLimitWithoutMessage(limiters, policy)],
  ];
}

/** The attempts of a call at one upstream. Layers below `retry` and `hedge` run once per attempt. */
function attempts(
  { scope, served: { policy } }: RpcRoute,
  traits: MethodTraits,
  upstream: Upstream,
  reading: ResponseReading,
  combine: Stack,
): Handler {
  return combine(
    [
      // Each further attempt goes to another endpoint.
      ["retry", retry({ policy: policy.retries, traits, budget: upstream.retryBudget, counter: upstream.metrics?.retries })],
      // A first attempt that takes long gets a second one beside it.
      ["hedge", hedge({ policy: policy.hedging, traits, state: upstream.hedging, counter: upstream.metrics?.hedges })],
      // Bounds the attempts in flight of this method.
      ["shed", shed(scope)],
    ],
    ["dispatch", dispatch(upstream, reading)],
  );
}

interface CachedRoute {
  readonly cache: RouteCache;
  readonly lookups: LookupBuilder;
  readonly fastLookups: LookupBuilder | undefined; // undefined where each call is authenticated, counted, transcoded, or reported
}

function cachedRoute(
  { route, method, served: { policy, upstream } }: RpcRoute,
  { caches, auth }: SharedParts,
  own: LayersAt,
  rest?: RestRoute,
): CachedRoute | undefined {
  const found = caches.of(route.name);
  if (found === undefined) return undefined;
  const lookups = rpcLookups({ method, policy: found.policy, namesVersion: upstream.namesVersion });
  const isGuardedOrLimited = isGuarded(auth, policy) || policy.rateLimits.length > 0 || seesEachCall(own);
  const isSeen = isGuardedOrLimited || rest !== undefined || reportsForSome(policy.validate);
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

/** Plain HTTP: requests under a prefix, forwarded as they come. */
export interface HttpRoute {
  readonly route: Route;
  readonly policy: HttpRoutePolicy;
  readonly upstream: Upstream;
}

export function httpPipeline({ route, policy, upstream }: HttpRoute, shared: SharedParts, combine: Stack = stack): Handler {
  const { limiters, scope, caches, auth, expressions, secretOf } = shared;
  const found = caches.of(route.name);
  const lookups = found && httpLookups(route.name, found.policy);
  const allow = expressions.prefixes.get(route.path);
  const { readTimeoutMs: timeoutMs, bodyIdleMs: idleMs } = policy;
  const own = shared.layers.of(policy.layers, false);
  const isSeen = policy.rateLimits.length > 0 || isGuarded(auth, policy) || seesEachCall(own);
  return combine(
    [
      // Names the call, serves what needs no other layer, and turns refusals into responses.
      ...entrance(policy, shared, own, found && fastHit(found, isSeen ? undefined : lookups)),
      // Addresses that may not call the route get no further.
      ["limit-addresses", limitAddresses(auth, policy.addresses)],
      // The body of the response counts, too.
      ["deadline", deadline(timeoutMs)],
      ...own.before_auth,
      // Who calls.
      ["authenticate", authenticate(auth, policy)],
      // What the caller may do.
      ["authorize", authorizeByHead(auth, allow)],
      ...own.after_auth,
      // Before the body is read: a refused call costs no memory.
      ["rate-limit", rateLimitWithoutMessage(limiters, policy)],
      // No byte past the limit goes further, and none is waited for too long.
      ["limit-body", limitBody({ form: "bytes", idleMs, pauseMs: idleMs, totalMs: timeoutMs })],
      // The body of a signed request is the one that was signed.
      ["check-digest", checkDigest(auth)],
      // Bounds the bodies that are sent while they arrive.
      ["open-streams", openStreams([scope], false, shared.observer)],
      // Bounds the calls in flight in this isolate: those that have come in full.
      ["shed", shed(scope, UNRESERVED_CALLS)],
      ...own.before_cache,
      // A hit is a call, too: it has been counted.
      ["cache", lookups && cache({ cache: found!, lookups, timeoutMs })],
      ...own.before_upstream,
      // Below this line paths have the prefix that the upstream reads.
      ["rewrite-path", rewritePath(rewriteSettings(route.path, policy))],
      // The header fields that the route has for its upstream.
      ["edit-headers", editRequest(bindEdits(policy.requestHeaders, secretOf))],
    ],
    ["dispatch", dispatch(upstream, { form: "http" })],
  );
}

/** A page of the gateway itself, for those who may read the admin services. */
export function adminPage(access: AdminAccess, { auth }: Pick<SharedParts, "auth">, page: Handler, combine: Stack = stack): Handler {
  return combine(
    [
      ["trace", trace(auth.anyChallenge)],
      ["rescue", rescue()],
      ["check-headers", checkHeaders()],
      ["deadline", deadline(PAGE_TIMEOUT_MS)],
      ["admin-access", adminAccess(access, authenticate(auth, ADMIN_AUTH))],
    ],
    ["page", page],
  );
}

const PAGE_TIMEOUT_MS = 10_000;

/** For a call without a route: it is named, and refused in its own protocol. */
export function refuse(rejection: Rejection, combine: Stack = stack, observer?: CallObserver): Handler {
  const layers = [
    ["trace", trace(undefined, observer)] as const,
    ["rescue", rescue()] as const,
    ["check-headers", checkHeaders()] as const,
  ];
  return combine(layers, ["refuse", () => Promise.reject(new Rejected(rejection))]);
}
