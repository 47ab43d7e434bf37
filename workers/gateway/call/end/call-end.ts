// The end of a call: what observes it (metrics, access log, spans, tap), and the code that its response has.
import { Derived } from "../../../../core/config/derived.ts";
import { logEvent } from "../../../log.ts";
import { sampled } from "../../../sampled.ts";
import { type Call, logFactsOf } from "../../call.ts";

/**
 * Runs once for each call that has a route or was refused without one: with its response, or, where that is a stream, when the stream has ended.
 * It may not wait for anything, and what it throws is logged and changes nothing.
 *
 * @param status of the response
 * @param now    epoch ms
 */
export type CallObserver = (call: Call, status: number, now: number) => void;

const sampledFailure = sampled();

/**
 * All observers as one. The list is fixed when the configuration is compiled, so one that is off costs a call nothing.
 *
 * @returns undefined where none is on
 */
export function callObserver(observers: readonly (CallObserver | undefined)[]): CallObserver | undefined {
  const on = observers.filter((observer) => observer !== undefined);
  const [first, ...others] = on;
  return first && ALL.get(first, others, () => observerOfAll(on));
}

/** One function for the same observers: handlers of routes hold for all versions of a configuration that have these. */
const ALL = new Derived<CallObserver, CallObserver>();

function observerOfAll(on: readonly CallObserver[]): CallObserver {
  return (call, status, now) => {
    for (const observe of on) {
      try {
        observe(call, status, now);
      } catch (error) {
        const calls = sampledFailure(now);
        if (calls > 0) logEvent("observer_failed", { ...logFactsOf(call), calls, error });
      }
    }
  };
}

/** The response of a call begins; unless it is a stream, the call has ended. */
export function endCall(observer: CallObserver, call: Call, response: Response): void {
  const now = Date.now();
  call.headMs = now - call.receivedAt;
  if (call.code === "") call.code = codeOf(call, response);
  if (call.isEnded || (call.endsWithStream && response.body !== null)) return;
  call.isEnded = true;
  observer(call, response.status, now);
}

/** The response of a call was a stream, which has ended, or is no longer read. */
export function endStream(observer: CallObserver, call: Call, status: number): void {
  if (call.isEnded) return;
  call.isEnded = true;
  observer(call, status, Date.now());
}

/** By gRPC status. */
const GRPC_CODES = [
  "ok",
  "canceled",
  "unknown",
  "invalid_argument",
  "deadline_exceeded",
  "not_found",
  "already_exists",
  "permission_denied",
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
  "unauthenticated",
] as const;

/** Of several codes with one HTTP status the most general one. @see connectrpc.com/docs/protocol, "Error Codes" */
const HTTP_CODES: Readonly<Record<number, string>> = {
  401: "unauthenticated",
  403: "permission_denied",
  404: "not_found",
  408: "deadline_exceeded",
  409: "aborted",
  416: "out_of_range",
  429: "resource_exhausted",
  499: "canceled",
  501: "unimplemented",
  502: "unavailable",
  503: "unavailable",
  504: "deadline_exceeded",
};

/**
 * The code of a response of an upstream, by its head: what is only in a body that passes unread is not looked up, so a stream that ends with an
 * error has the code `ok` here.
 */
export function codeOf({ protocol, upstreamCode }: Call, { status, headers }: Response): string {
  if (protocol.kind === "grpc_web") {
    const grpc = headers.get("grpc-status"); // in the head of a response without messages; else at the end of the body
    if (grpc !== null) return GRPC_CODES[Number(grpc)] ?? "unknown";
  }
  if (status < 400) return "ok";
  if (upstreamCode !== "") return upstreamCode;
  return HTTP_CODES[status] ?? (status < 500 ? "invalid_argument" : "internal");
}
