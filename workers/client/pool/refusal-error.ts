// Maps what the machinery of attempts throws to the error that the caller of a client gets.
import { Code, ConnectError } from "@connectrpc/connect";
import { codeFromString } from "@connectrpc/connect/protocol-connect";
import { Rejected, type Rejection } from "../../../core/rejection.ts";
import { PUSHBACK_HEADER } from "../../call/retry.ts";

/**
 * @param isSpent the call must not be repeated by what made it: the error's metadata say so, and a handler that throws it passes that on
 * @returns the error itself where it is none of the machinery
 */
export function errorOf(error: unknown, isSpent: boolean): unknown {
  if (!(error instanceof Rejected)) return error;
  const described = describe(error.rejection);
  if (isSpent) described.metadata.set(PUSHBACK_HEADER, "-1");
  return described;
}

function describe(rejection: Rejection): ConnectError {
  switch (rejection.kind) {
    case "upstream_unreachable":
      return new ConnectError("service can't be reached", Code.Unavailable);
    case "breaker_open":
      return later(`service ${rejection.upstream} is failing and gets no calls for a while`, rejection.retryAfterMs);
    case "no_endpoint": {
      const why = rejection.isFull ? "has no endpoint that takes more calls" : "has no endpoint";
      return new ConnectError(`service ${rejection.upstream} ${why}`, Code.Unavailable);
    }
    case "overloaded":
      return later(`overloaded (${rejection.point}): ${rejection.reason}`, rejection.retryAfterMs);
    case "deadline_exceeded":
      return new ConnectError(`no response within ${rejection.timeoutMs} ms`, Code.DeadlineExceeded);
    case "upstream_invalid":
      return new ConnectError(`service ${rejection.problem}`, codeFromString(rejection.code) ?? Code.Internal);
    default:
      return new ConnectError(rejection.kind, Code.Internal); // nothing here throws the others
  }
}

function later(message: string, afterMs: number): ConnectError {
  const seconds = Math.max(1, Math.ceil(afterMs / 1_000));
  return new ConnectError(message, Code.Unavailable, { "retry-after": String(seconds) });
}
