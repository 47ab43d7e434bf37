// One clock for the call: what the caller asked for, or the route allows, whichever ends first.
import { parseConnectTimeout, parseGrpcTimeout, shorterTimeout, type Timeout } from "../../../core/deadline.ts";
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
    if (timeoutMs === 0) throw new Rejected({ kind: "deadline_exceeded", timeoutMs }); // no upstream can be in time
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

/** REST has no timeout header of its own: both are honored, the shorter one. @throws Rejected for a timeout that cannot be read */
function askedFor({ protocol, request }: Call): number | undefined {
  const { headers } = request;
  const grpc = protocol.kind === "grpc_web" || protocol.kind === "rest" ? parseGrpcTimeout(headers.get("grpc-timeout")) : NONE;
  const connect = protocol.kind === "grpc_web" ? NONE : parseConnectTimeout(headers.get("connect-timeout-ms"));
  const timeout = shorterTimeout(grpc, connect);
  if (timeout.kind === "invalid") throw new Rejected({ kind: "invalid_request", message: timeout.problem });
  return timeout.ms;
}

const NONE: Timeout = { kind: "ok", ms: undefined };
