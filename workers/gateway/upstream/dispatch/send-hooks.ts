// What the gateway adds to each attempt: who calls, and a log record of each fault of an upstream.

import type { EndpointAttempt } from "../../../call/endpoint-attempt.ts";
import type { SendHooks } from "../../../call/send.ts";
import type { AttemptTarget } from "../../../call/target.ts";
import { logEvent } from "../../../log.ts";
import { type Call, logFactsOf } from "../../call.ts";
import { identify } from "./identify.ts";

/** Logs a fault of an upstream. Only the log names the endpoint: callers never learn its address. */
export function logFault(upstream: Pick<AttemptTarget<Call>, "name">, { endpoint }: EndpointAttempt, call: Call, problem: string): void {
  logEvent("upstream_fault", { ...logFactsOf(call), upstream: upstream.name, endpoint, error: problem });
}

export const SEND_HOOKS: SendHooks<Call> = {
  prepare: (call, headers, destination) => identify(call, headers, destination, Date.now()),
  fault: logFault,
};
