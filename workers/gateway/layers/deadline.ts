// Gives the call its deadline: the timeout that the caller requests, or the one of the route, whichever is shorter.
import { parseConnectTimeout, parseGrpcTimeout, shorterTimeout, type Timeout } from "../../../core/deadline.ts";
import { type DeadlineStage, Rejected } from "../../../core/rejection.ts";
import type { Layer } from "../call/layer.ts";
import type { Call } from "../call.ts";

/**
 * The signal of the call ends whatever waits for the network: the upstream's response, or a body that comes too slowly.
 *
 * @param longestMs what the route allows, ms; a caller may request less, not more
 */
export function deadline(longestMs: number): Layer {
  return (next) => (call) => {
    const timeoutMs = Math.min(timeoutOf(call) ?? longestMs, longestMs);
    if (timeoutMs === 0) throw new Rejected({ kind: "deadline_exceeded", stage: "arrival", timeoutMs }); // no upstream can be in time
    call.deadlineAt = call.receivedAt + timeoutMs;
    call.trace?.note("deadline", { [nameOf(call)]: longestMs, timeoutMs, leftMs: call.deadlineAt - Date.now() });
    const response = next(call); // what is thrown at once is thrown before the time can be up
    return response instanceof Promise ? response.catch((error) => throwReason(call, error, timeoutMs)) : response;
  };
}

/** Once the time is up, that is the reason, whatever broke below. */
function throwReason(call: Call, error: unknown, timeoutMs: number): never {
  if (call.endedBy === "deadline") throw new Rejected({ kind: "deadline_exceeded", stage: stageOf(error), timeoutMs });
  throw call.endedBy === "caller" ? new Rejected({ kind: "caller_gone" }) : error;
}

/** Where the call was, as far as a layer below knows it. */
function stageOf(error: unknown): DeadlineStage {
  return error instanceof Rejected && error.rejection.kind === "deadline_exceeded" ? error.rejection.stage : "response";
}

/** The setting that allows the longest time. */
function nameOf({ route: { method } }: Call): string {
  return method === undefined || method.methodKind === "unary" ? "readTimeoutMs" : "streamTimeoutMs";
}

/** REST has no timeout header of its own: both are honored, the shorter one. @throws Rejected for a timeout that cannot be read */
function timeoutOf({ protocol, request }: Call): number | undefined {
  const { headers } = request;
  const grpc = protocol.kind === "grpc_web" || protocol.kind === "rest" ? parseGrpcTimeout(headers.get("grpc-timeout")) : NONE;
  const connect = protocol.kind === "grpc_web" ? NONE : parseConnectTimeout(headers.get("connect-timeout-ms"));
  const timeout = shorterTimeout(grpc, connect);
  if (timeout.kind === "invalid") throw new Rejected({ kind: "invalid_request", message: timeout.problem });
  return timeout.ms;
}

const NONE: Timeout = { kind: "ok", ms: undefined };
