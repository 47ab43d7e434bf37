// What went wrong, as the caller is told: the service's own errors as they are, the platform's as `unavailable`, any other as `internal`.

import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { logEvent } from "../log.ts";

/** The part of a call that a fault is told by. */
export interface FailedCall {
  readonly method: DescMethod;
  readonly header: Headers;
  readonly signal: AbortSignal;
}

/** Logs what is our mistake, once and whole; the caller hears nothing of it but that it was one. */
export function toConnectError(reason: unknown, call: FailedCall): ConnectError {
  if (reason instanceof ConnectError) return reason;
  // Work that is stopped by its deadline fails in many ways; the deadline is what the caller has to know.
  if (call.signal.aborted) return ConnectError.from(call.signal.reason, Code.Canceled);
  const isTransient = isOfPlatform(reason);
  const { method, header } = call;
  const route = `${method.parent.typeName}/${method.name}`;
  logEvent("handler_failed", { requestId: header.get("x-request-id"), route, error: reason });
  return isTransient
    ? new ConnectError("a part of the service can't be reached", Code.Unavailable)
    : new ConnectError("internal error", Code.Internal);
}

/**
 * Settles as the work does, or rejects with the reason of the signal: the deadline holds for those, too, who don't look at it.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** connect-es takes bytes that are no message for a fault of the server's. They are one of the caller's. */
export function blameCaller(reason: unknown): unknown {
  if (!(reason instanceof ConnectError) || reason.code !== Code.Internal || !reason.rawMessage.startsWith("parse binary:")) return reason;
  return new ConnectError(reason.rawMessage, Code.InvalidArgument);
}

/** Errors of a Durable Object that is overloaded, was moved or has been replaced carry these marks. */
function isOfPlatform(reason: unknown): boolean {
  const marks = reason as
    | { readonly retryable?: unknown; readonly overloaded?: unknown; readonly durableObjectReset?: unknown }
    | null
    | undefined;
  return marks?.retryable === true || marks?.overloaded === true || marks?.durableObjectReset === true;
}
