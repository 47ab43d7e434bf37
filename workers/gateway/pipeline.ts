// THE JOURNEY OF A CALL, from the door inwards. Compiled once per route when the configuration loads. Read this first.
import type { DescMessage, DescMethod, Message } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { needsMessage } from "../../core/limit/rule.ts";
import { CRITICAL } from "../../core/overload/criticality.ts";
import type { GatewayPolicy, RoutePolicy } from "../../core/policy.ts";
import { Rejected, type Rejection } from "../../core/rejection.ts";
import type { Validate } from "../../core/validation.ts";
import { type Handler, type Layer, stack } from "./call.ts";
import { dispatch } from "./dispatch.ts";
import { criticality } from "./layers/criticality.ts";
import { deadline } from "./layers/deadline.ts";
import { limitBody } from "./layers/limit-body.ts";
import { type Limiters, rateLimit } from "./layers/rate-limit.ts";
import { rescue } from "./layers/rescue.ts";
import { retry } from "./layers/retry.ts";
import { type Place, shed } from "./layers/shed.ts";
import { trace } from "./layers/trace.ts";
import { transcode } from "./layers/transcode.ts";
import { translate } from "./layers/translate.ts";
import { validate } from "./layers/validate.ts";
import type { RestRoute } from "./transcode/rules.ts";
import type { Upstream } from "./upstream.ts";

/** A method as it is served: what it is, what an operator has set for it, where it runs. */
export interface Route {
  readonly method: DescMethod;
  readonly policy: RoutePolicy;
  readonly upstream: Upstream;
  readonly limiters: Limiters; // of the isolate, for all routes
  readonly places: { readonly isolate: Place; readonly route: Place }; // where its calls in flight are counted
  readonly validate: Validate<DescMessage, Message> | undefined;
  readonly gateway: Pick<GatewayPolicy, "principalHeader" | "overload">;
}

/**
 * @param rest the HTTP rule a call came in by, where it is REST; RPC passes through as it is
 */
export function pipeline({ method, policy, upstream, limiters, places, gateway, validate: validator }: Route, rest?: RestRoute): Handler {
  const isUnary = method.methodKind === "unary";
  const isStream = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  const isSafe = isUnary && method.idempotency !== undefined && method.idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN;
  const mode = policy.validate;
  const spoken = upstream.protocol;
  const { rateLimits: rules, cost, maxBodyBytes: maxBytes } = policy;
  const isLimited = rules.length > 0;
  const readsMessage = needsMessage(rules, cost);
  const { principalHeader, overload } = gateway;
  const isOrdinary = policy.criticality === CRITICAL && overload.trust.kind === "nobody";
  const limit = () => rateLimit(limiters, { method, rules, cost, maxBytes, principalHeader });
  return stack(
    [
      trace(), // names the call; sees every answer, refusals too
      rescue(), // below this line layers refuse by throwing Rejected; above it there are only answers
      deadline(isUnary ? policy.readTimeoutMs : policy.streamTimeoutMs), // one clock for the call, whatever it waits for
      ...optional(!isOrdinary, () => criticality({ own: policy.criticality, trust: overload.trust, principalHeader })), // what is shed last
      ...optional(places.isolate.policy.mode !== "off", () => shed(places.isolate, principalHeader)), // all that this isolate works on
      ...optional(isLimited && !readsMessage, limit), // before the body is read: a refused call costs no memory
      ...optional(rest === undefined || !isStream, () =>
        limitBody({
          maxBytes: policy.maxBodyBytes,
          isStream,
          isWhole:
            rest !== undefined ||
            mode !== "off" ||
            spoken !== "both" ||
            readsMessage ||
            upstream.mirror !== undefined ||
            (isSafe && policy.retries.max > 0),
        }),
      ), // no byte past the limit goes further; lines of a REST stream are measured where they are read
      ...optional(rest !== undefined, () => transcode(rest!, policy.maxBodyBytes)), // below this line every call is RPC
      ...(mode === "off" || validator === undefined
        ? []
        : [validate({ method, mode, maxBytes: policy.maxBodyBytes, validate: validator })]),
      // ... and every message keeps the rules of its proto
      ...optional(isLimited && readsMessage, limit), // rules that look into the message have to wait for it
      ...(spoken === "both" ? [] : [translate(spoken, isUnary)]), // into what the upstream speaks
      ...optional(isUnary && policy.retries.max > 0, () => retry({ policy: policy.retries, isSafe, upstream })), // each attempt at another endpoint
      ...optional(places.route.policy.mode !== "off", () => shed(places.route, principalHeader)), // what the upstream bears of this method
    ],
    dispatch(upstream),
  );
}

/** The short way of a call that has no route: named, and refused in its own protocol. */
export function refuse(rejection: Rejection): Handler {
  return stack([trace(), rescue()], () => Promise.reject(new Rejected(rejection)));
}

function optional(condition: boolean, layer: () => Layer): Layer[] {
  return condition ? [layer()] : [];
}
