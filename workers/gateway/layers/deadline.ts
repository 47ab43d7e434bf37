// One clock for the call: what the caller asked for, or the route allows, whichever ends first.
import { parseConnectTimeout, parseGrpcTimeout, shorterTimeout, type Timeout } from "../../../core/deadline.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { Call, Layer } from "../call.ts";

/** With this flag the platform says when a caller has hung up. It is not read without it: a signal costs an object and a listener. */
const isCallerWatched =
  (globalThis as { Cloudflare?: { compatibilityFlags?: Readonly<Record<string, boolean>> } }).Cloudflare?.compatibilityFlags?.[
    "enable_request_signal"
  ] === true;

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
    let timer: AbortSignal | undefined; // made when somebody waits by it
    let signal: AbortSignal | undefined;
    const timed: Call = {
      ...call,
      deadlineAt,
      get signal() {
        timer ??= AbortSignal.timeout(Math.max(0, deadlineAt - Date.now()));
        signal ??= isCallerWatched ? AbortSignal.any([timer, call.request.signal]) : timer;
        return signal;
      },
    };
    try {
      return await next(timed);
    } catch (error) {
      // Whatever broke below: when the time was up, that is why.
      if (timer?.aborted === true) throw new Rejected({ kind: "deadline_exceeded", timeoutMs });
      throw signal?.aborted === true ? new Rejected({ kind: "caller_gone" }) : error;
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
