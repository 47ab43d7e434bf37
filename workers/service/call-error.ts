// The error that a caller receives: errors of the service as they are, faults of the platform as `unavailable`, any other as `internal`.

import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { logEvent } from "../log.ts";

/** The part of a call that its error depends on. */
export interface FailedCall {
  readonly method: DescMethod;
  readonly header: Headers;
  readonly signal: AbortSignal;
}

/** An error that the service has not thrown on purpose is logged with its stack; the caller gets none of its text. */
export function toConnectError(reason: unknown, call: FailedCall): ConnectError {
  if (reason instanceof ConnectError) return reason;
  // Work that its deadline has stopped can fail in many ways; the caller needs to know the deadline.
  if (call.signal.aborted) return ConnectError.from(call.signal.reason, Code.Canceled);
  const isTransient = isPlatformFault(reason);
  const { method, header } = call;
  const route = `${method.parent.typeName}/${method.name}`;
  logEvent("handler_failed", { requestId: header.get("x-request-id"), route, error: reason });
  return isTransient
    ? new ConnectError("a part of the service can't be reached", Code.Unavailable)
    : new ConnectError("internal error", Code.Internal);
}

/**
 * Settles as the work does, or rejects with the reason of the signal, so that a deadline also ends work that does not use the signal.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** connect-es reports bytes that are no message as `internal`, a fault of the server; it is one of the caller. */
export function asCallerError(reason: unknown): unknown {
  if (!(reason instanceof ConnectError) || reason.code !== Code.Internal || !reason.rawMessage.startsWith("parse binary:")) return reason;
  return new ConnectError(reason.rawMessage, Code.InvalidArgument);
}

/** These properties mark errors of a Durable Object that is overloaded, was moved or has been replaced. */
function isPlatformFault(reason: unknown): boolean {
  const marks = reason as
    | { readonly retryable?: unknown; readonly overloaded?: unknown; readonly durableObjectReset?: unknown }
    | null
    | undefined;
  return marks?.retryable === true || marks?.overloaded === true || marks?.durableObjectReset === true;
}
