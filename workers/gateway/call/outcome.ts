// Records that the gateway itself made the response of a call, and why: the only writer of `Call.reason` and `Call.code`.
import type { ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { REASON_HEADER } from "../../../core/headers.ts";
import { type Reason, reasonOf } from "../../../core/reasons.ts";
import type { Rejection } from "../../../core/rejection.ts";
import type { Call } from "../call.ts";
import { type Protocol, writeRefusal } from "../protocol/protocol.ts";
import { internalRefusal, type Refusal, toRefusal } from "../protocol/refusal.ts";

/** What is written of a call. */
export type EndedCall = Pick<Call, "protocol" | "reason" | "code">;

/** Refuses a call. @param rejection undefined for a fault of the gateway @returns the response, in the protocol of the caller */
export function refused(call: Call, rejection: Rejection | undefined): Response {
  if (rejection === undefined) return refusedAs(call, internalRefusal());
  return refusedAs(call, toRefusal(rejection), call.protocol, reasonOf(rejection));
}

/**
 * @param protocol in which the response is written; where layers above translate it, another one than the caller's
 * @param exact    the reason for the log, which callers may not read
 */
export function refusedAs(call: Call, refusal: Refusal, protocol: Protocol = call.protocol, exact: Reason = refusal.reason): Response {
  recordRefusal(call, refusal, exact);
  return writeRefusal(protocol, refusal);
}

/**
 * Records why a response that has begun does not end well.
 *
 * @returns the error that ends it, where it can still end with one: its trailers name the reason, too
 */
export function brokenOff(call: EndedCall, rejection: Rejection): ConnectError {
  const refusal = toRefusal(rejection);
  recordRefusal(call, refusal, reasonOf(rejection));
  refusal.error.metadata.set(REASON_HEADER, refusal.reason);
  return refusal.error;
}

/** Records that a layer has put an error of its own in place of a response of the upstream, which cannot write the header. */
export function recordIn(call: EndedCall, response: Response): Response {
  const reason = response.headers.get(REASON_HEADER);
  if (reason !== null) call.reason = reason as Reason;
  return response;
}

function recordRefusal(call: EndedCall, { error, rest }: Refusal, exact: Reason): void {
  call.reason = exact;
  call.code = codeToString(call.protocol.kind === "rest" && rest?.code !== undefined ? rest.code : error.code);
}

/** Records that the gateway made a response that is no refusal. @returns the same response, whose headers name the reason */
export function madeHere(call: EndedCall, reason: Reason, response: Response): Response {
  call.reason = reason;
  response.headers.set(REASON_HEADER, reason);
  return response;
}
