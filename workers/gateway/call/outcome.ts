// Records that the gateway itself made the response of a call, and why: the only writer of `Call.reason` and `Call.code`.
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { type Reason, reasonOf } from "../../../core/reasons.ts";
import type { Rejection } from "../../../core/rejection.ts";
import type { Call } from "../call.ts";
import { type Protocol, writeRefusal } from "../protocol/protocol.ts";
import { internalRefusal, type Refusal, toRefusal } from "../protocol/refusal.ts";

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

/** Records a refusal that is written into a response that has begun, or in another form than `writeRefusal`'s. */
export function recordRefusal(call: Call, { error, rest }: Refusal, exact: Reason): void {
  call.reason = exact;
  call.code = codeToString(call.protocol.kind === "rest" && rest?.code !== undefined ? rest.code : error.code);
}

/** Records a successful response that the gateway made. */
export function responded(call: Call, reason: Reason): void {
  call.reason = reason;
  call.code = "ok";
}
