// Retries of retries multiply: a call is repeated at one hop of its chain only. A further attempt is not repeated below the hop that makes
// it (`tidegate-attempt` goes down), and where a hop has repeated a call for nothing, none above it does (`grpc-retry-pushback-ms: -1` goes up).
import { ConnectError, type ContextKey, type ContextValues, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { ATTEMPT_HEADER, isAttemptNumber, PUSHBACK_HEADER } from "../../../core/headers.ts";

const STOPPED: ContextKey<boolean> = createContextKey(false, { description: "no caller may repeat the call" });

/** Whether the served call is itself a further attempt: what it calls is called once. */
export function isRetryOfCaller({ requestHeader }: Pick<HandlerContext, "requestHeader">): boolean {
  return isAttemptNumber(requestHeader.get(ATTEMPT_HEADER));
}

/** A call that the served call depends on has failed after all its retries: if the served call fails, too, its callers do not repeat it. */
export function stopRetriesAbove({ values }: Pick<HandlerContext, "values">): void {
  values.set(STOPPED, true);
}

/**
 * Writes on the error of a served call that it must not be repeated, where that is so.
 *
 * @param values undefined where no value was set
 * @returns the error, or one like it: the metadata of an error that was received from another service, and is handed on, are not written
 */
export function markStopped(error: ConnectError, values: ContextValues | undefined): ConnectError {
  if (values?.get(STOPPED) !== true) return error;
  if (error.isWireError) {
    const own = new ConnectError(error.rawMessage, error.code, { [PUSHBACK_HEADER]: "-1" }, undefined, error.cause);
    own.details = error.details;
    return own;
  }
  error.metadata.set(PUSHBACK_HEADER, "-1");
  return error;
}
