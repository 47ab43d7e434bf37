// THE JOURNEY OF A CALL, from the door inwards. Compiled once per route when the configuration loads. Read this first.
import type { DescMessage, DescMethod, Message, Registry } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { GatewayPolicy } from "../../core/config/gateway.ts";
import type { HttpRoutePolicy } from "../../core/config/http-route.ts";
import { needsMessage } from "../../core/config/rate-limit.ts";
import type { RoutePolicy } from "../../core/config/route.ts";
import { CRITICAL } from "../../core/overload/criticality.ts";
import { Rejected, type Rejection } from "../../core/rejection.ts";
import type { Validate } from "../../core/validation.ts";
import { isCacheable } from "./cache/cacheable.ts";
import type { Caches, RouteCache } from "./cache/caches.ts";
import { httpLookups } from "./cache/lookup/http-lookup.ts";
import { rpcLookups } from "./cache/lookup/rpc-lookup.ts";
import { type Handler, type Layer, stack } from "./call/layer.ts";
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
import { type Limiters, rateLimit } from "./layers/rate-limit.ts";
import { rescue } from "./layers/rescue.ts";
import { retry } from "./layers/retry.ts";
import { type ConcurrencyScope, shed } from "./layers/shed.ts";
import { staticResponse } from "./layers/static-response.ts";
import { streamIdle } from "./layers/stream-idle.ts";
import { trace } from "./layers/trace.ts";
import { transcode } from "./layers/transcode.ts";
import { nativeGrpc, translate } from "./layers/translate.ts";
import { validate } from "./layers/validate.ts";
import type { ResponseReading } from "./protocol/response-check.ts";
import type { RestRoute } from "./transcode/rules/rules.ts";
import { dispatch } from "./upstream/dispatch.ts";
import type { Fallback, Upstream } from "./upstream/upstream.ts";

/** A method as it is served: what it is, what an operator has set for it, where it runs. */
export interface Route {
  readonly method: DescMethod;
  readonly policy: RoutePolicy;
  readonly upstream: Upstream;
  readonly fallback?: Fallback;
  readonly limiters: Limiters; // of the isolate, for all routes
  readonly places: { readonly isolate: ConcurrencyScope; readonly route: ConcurrencyScope }; // where its calls in flight are counted
  readonly validate: Validate<DescMessage, Message> | undefined;
  readonly gateway: Pick<GatewayPolicy, "principalHeader" | "overload" | "rest">;
  readonly caches: Caches; // of the isolate, for all routes
  readonly types: Registry; // types in which details of errors are written out
}

/**
 * @param rest the HTTP rule a call came in by, where it is REST; RPC passes through as it is
 */
export function pipeline(route: Route, rest?: RestRoute): Handler {
  const { method, policy, upstream, limiters, places, gateway, caches, types, validate: validator } = route;
  const { upstream: other, response: answer } = route.fallback ?? {};
  const isUnary = method.methodKind === "unary";
  const isStream = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  const isRead = rest?.httpMethod === "GET"; // such a request may be repeated whatever the method's proto says: RFC 9110, 9.2.2
  const isSafe = isUnary && (isRead || method.idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN);
  const isHedged = isUnary && method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS && policy.hedging !== undefined;
  const mode = policy.validate;
  const spoken = upstream.protocol;
  const { rateLimits: rules, cost } = policy;
  const isLimited = rules.length > 0;
  const readsMessage = needsMessage(rules, cost);
  const isRetried = isUnary && policy.retries.max > 0;
  const towards = (one: Upstream): Layer[] => [
    ...optional(isRetried, () => retry({ policy: policy.retries, isSafe, budget: one.retryBudget })), // each attempt at another endpoint
    ...optional(isHedged, () => hedge({ policy: policy.hedging!, state: one.hedging })), // ... and of a first one that takes long, a second beside it
    ...optional(places.route.policy.mode !== "off", () => shed(places.route)), // what the upstream bears of this method
  ];
  const name = `${method.parent.typeName}/${method.name}`;
  const { principalHeader, overload } = gateway;
  const isOrdinary = policy.criticality === CRITICAL && overload.trust.kind === "none";
  const kept = caches.of(name);
  const subject = kept && rpcLookups({ method, policy: kept.policy, principalHeader, namesVersion: upstream.namesVersion });
  const isDecoded = rest !== undefined || kept !== undefined; // messages of responses are looked into
  const reading: ResponseReading = {
    form: isUnary ? "unary" : "stream",
    ...(isDecoded && { decodes: method, isPlain: rest !== undefined }),
  };
  const changes = policy.invalidates.length > 0 && isUnary && !isCacheable(method);
  const isSilent = !isLimited && rest === undefined && mode !== "report"; // no layer wants to see each call
  const hashField = isStream ? undefined : upstream.hashField;
  const limit = () => rateLimit(limiters, { rules, cost });
  return stack(
    [
      trace(), // names the call; sees every answer, refusals too
      ...optional(kept !== undefined, () => fastHit(kept!, isSilent ? subject : undefined)), // the short way of a hit that nobody counts
      rescue(), // below this line layers refuse by throwing Rejected; above it there are only answers
      deadline(isUnary ? policy.readTimeoutMs : policy.streamTimeoutMs), // one clock for the call, whatever it waits for
      ...optional(!isOrdinary, () => criticality({ own: policy.criticality, trust: overload.trust })), // what is shed last
      ...optional(places.isolate.policy.mode !== "off", () => shed(places.isolate)), // all that this isolate works on
      ...optional(isLimited && !readsMessage, limit), // before the body is read: a refused call costs no memory
      ...optional(rest === undefined || !isStream, () => limitBody({ form: isStream ? "messages" : "message" })), // no byte past the limit goes further; lines of a REST stream are measured where they are read
      ...optional(rest !== undefined, () => decodeBody()),
      ...optional(rest !== undefined, () => transcode(rest!, { types, timing: gateway.rest.events })), // below this line every call is RPC
      ...(mode === "off" || validator === undefined ? [] : [validate({ input: method.input, mode, validate: validator })]),
      // ... and every message keeps the rules of its proto
      ...optional(isLimited && readsMessage, limit), // rules that look into the message have to wait for it
      ...optional(hashField !== undefined, () => hashOnField(hashField!)), // whose calls stay together
      ...optional(!isUnary && Number.isFinite(policy.streamIdleMs), () => streamIdle(policy.streamIdleMs)), // a silent stream is ended
      ...(answer === undefined ? [] : [staticResponse(method, answer)]), // where nobody below has an answer
      ...optional(subject !== undefined, () => cache({ cache: kept!, lookups: subject!, timeoutMs: policy.readTimeoutMs })), // a hit is still a call: it has been counted, and its message is valid
      ...optional(changes, () => invalidate({ tags: policy.invalidates, caches })), // what has changed is not kept
      ...optional(rest === undefined && isCacheable(method) && !upstreamTakesGet(method), connectGetAsPost), // for an upstream that takes no GET
      ...(spoken === "both" ? [] : [spoken === "grpc" ? nativeGrpc(method, types) : translate(spoken, isUnary, types)]), // into what the upstream speaks
      ...optional(other !== undefined, () => fallback(stack(towards(other!), dispatch(other!, reading)), isSafe)), // where this one is down
      ...towards(upstream),
    ],
    dispatch(upstream, reading),
  );
}

/** Plain HTTP: what is under a prefix, forwarded as it comes. */
export interface HttpRoute {
  readonly route: string; // its prefix
  readonly policy: HttpRoutePolicy;
  readonly upstream: Upstream;
  readonly limiters: Limiters;
  readonly place: ConcurrencyScope; // where calls in flight are counted
  readonly cache: RouteCache | undefined;
  readonly gateway: Pick<GatewayPolicy, "principalHeader">;
}

export function httpPipeline({ route, policy, upstream, limiters, place, cache: kept, gateway }: HttpRoute): Handler {
  const { rateLimits: rules, cost, readTimeoutMs: timeoutMs } = policy;
  const { principalHeader } = gateway;
  const subject = kept && httpLookups(route, kept.policy, principalHeader);
  return stack(
    [
      trace(),
      ...optional(kept !== undefined, () => fastHit(kept!, rules.length === 0 ? subject : undefined)),
      rescue(),
      deadline(timeoutMs), // its body counts, too
      ...optional(place.policy.mode !== "off", () => shed(place)),
      ...optional(rules.length > 0, () => rateLimit(limiters, { rules, cost })),
      limitBody({ form: "bytes" }),
      ...optional(subject !== undefined, () => cache({ cache: kept!, lookups: subject!, timeoutMs })),
    ],
    dispatch(upstream, { form: "http" }),
  );
}

/** The short way of a call that has no route: named, and refused in its own protocol. */
export function refuse(rejection: Rejection): Handler {
  return stack([trace(), rescue()], () => Promise.reject(new Rejected(rejection)));
}

function optional(condition: boolean, layer: () => Layer): Layer[] {
  return condition ? [layer()] : [];
}
