// One clock for the call: what the caller asked for, or the route allows, whichever ends first.
import { parseConnectTimeout, parseGrpcTimeout } from "../../../core/deadline.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { Call, Layer } from "../call.ts";

/**
 * The signal it hands inwards ends whatever waits for the network: the upstream's answer, or a body that comes too slowly.
 *
 * @param longestMs what the route allows, ms; a caller may ask for less, not for more
 */
export function deadline(longestMs: number): Layer {
  return (next) => async (call) => {
    const timeoutMs = Math.min(askedFor(call) ?? longestMs, longestMs);
    const deadlineAt = call.receivedAt + timeoutMs;
    let signal: AbortSignal | undefined; // made when somebody waits by it
    const timed: Call = {
      ...call,
      deadlineAt,
      get signal() {
        signal ??= AbortSignal.timeout(Math.max(0, deadlineAt - Date.now()));
        return signal;
      },
    };
    try {
      return await next(timed);
    } catch (error) {
      // Whatever broke below: when the time was up, that is why.
      throw signal?.aborted === true ? new Rejected({ kind: "deadline_exceeded", timeoutMs }) : error;
    }
  };
}

/** @throws Rejected for a timeout that can't be read */
function askedFor(call: Call): number | undefined {
  const { headers } = call.request;
  const isGrpcWeb = call.protocol.kind === "grpc_web";
  const timeout = isGrpcWeb ? parseGrpcTimeout(headers.get("grpc-timeout")) : parseConnectTimeout(headers.get("connect-timeout-ms"));
  if (timeout.kind === "invalid") throw new Rejected({ kind: "invalid_request", message: timeout.problem });
  return timeout.ms;
}
