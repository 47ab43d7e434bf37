// What the head of a response says about the endpoint that sent it.

import { REDIRECT_HEADER, SHED_HEADER } from "../../core/headers.ts";
import { isAboutCall } from "../../core/protocol/rpc-response.ts";
import type { AttemptOutcome } from "../../core/retry/attempt-outcome.ts";

const GRPC_FAILURES = new Set(["2", "4", "13", "14", "15"]); // unknown, deadline_exceeded, internal, unavailable, data_loss
const GRPC_UNAVAILABLE = "14";

/**
 * Server errors count against the endpoint, except for those that say something about the call.
 */
export function outcomeOf({ status, headers }: Response): AttemptOutcome {
  const grpcStatus = headers.get("grpc-status");
  if (status < 500 && grpcStatus === null) return "responded";
  if (headers.has(SHED_HEADER)) return "shed";
  if (status === 503 || grpcStatus === GRPC_UNAVAILABLE) return "unavailable";
  const isFailure = (status >= 500 && !isAboutCall(status)) || GRPC_FAILURES.has(grpcStatus ?? "");
  return isFailure ? "failed" : "responded";
}

/** @returns whether the host refused the call before any work: because it is slower than the others (`redirect`), or overloaded (`shed`) */
export function hostRefusalOf({ status, headers }: Response): "redirect" | "shed" | undefined {
  if (status !== 503 && !headers.has("grpc-status")) return undefined;
  if (headers.has(REDIRECT_HEADER)) return "redirect";
  return headers.has(SHED_HEADER) ? "shed" : undefined;
}
