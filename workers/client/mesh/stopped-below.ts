// Remembers in a served call that a call it depends on must not be repeated, so that its own callers do not repeat it either.
import { ConnectError, type HandlerContext } from "@connectrpc/connect";
import { PUSHBACK_HEADER } from "../../../core/headers.ts";
import { stopRetriesAbove } from "../../service/mesh/retry-chain.ts";

/**
 * @param during the served call
 * @returns the same call: an error in it that has `grpc-retry-pushback-ms: -1`, of a pool whose retries are spent or of a service below, stops the
 *   retries above, whatever the implementation makes of it
 */
export function stoppedBelow<T>(call: Promise<T>, during: HandlerContext | undefined): Promise<T> {
  if (during === undefined) return call;
  return call.catch((reason: unknown) => {
    if (reason instanceof ConnectError && reason.metadata.get(PUSHBACK_HEADER)?.startsWith("-") === true) stopRetriesAbove(during);
    throw reason;
  });
}
