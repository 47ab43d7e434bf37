// Reads from a response or an error how an attempt failed: the code, whether the upstream may have started to work, how long to wait.
import { Rejected } from "../../core/rejection.ts";
import type { AttemptFailure } from "../../core/retry/retry.ts";
import { parsePushback, parseRetryAfter } from "../../core/retry/retry-after.ts";

const GRPC_CODES: Readonly<Record<string, string>> = {
  "2": "unknown",
  "4": "deadline_exceeded",
  "8": "resource_exhausted",
  "10": "aborted",
  "13": "internal",
  "14": "unavailable",
  "15": "data_loss",
};
const HTTP_CODES: Readonly<Record<number, string>> = {
  408: "deadline_exceeded",
  409: "aborted",
  429: "resource_exhausted",
  500: "internal",
  502: "unavailable",
  503: "unavailable",
  504: "deadline_exceeded",
};

/** @returns how an attempt failed, by the head of its response; undefined where it did not. Later failures are not repeated here */
export function failureOf({ status, headers }: Response): AttemptFailure | undefined {
  const grpc = headers.get("grpc-status"); // present in the head of a response that has only trailers
  const fromEdge = status >= 520 && status <= 527 ? "unavailable" : undefined; // Cloudflare's edge in front of an origin
  const code = grpc === null ? (HTTP_CODES[status] ?? fromEdge) : GRPC_CODES[grpc];
  return code === undefined ? undefined : { code, wasSent: true, pushbackMs: pushbackMsOf(headers) };
}

/** @returns how an attempt failed, by what it threw; undefined where that says nothing about the upstream */
export function failureOfError(error: unknown): AttemptFailure | undefined {
  if (!(error instanceof Rejected)) return undefined;
  const { rejection } = error;
  switch (rejection.kind) {
    case "upstream_unreachable":
      return { code: "unavailable", wasSent: rejection.wasSent, pushbackMs: undefined };
    case "breaker_open":
    case "no_endpoint":
      return { code: "unavailable", wasSent: false, pushbackMs: undefined };
    case "upstream_invalid":
      return rejection.countsAsFailure ? { code: "unavailable", wasSent: true, pushbackMs: rejection.pushbackMs } : undefined;
    case "deadline_exceeded":
      return { code: "deadline_exceeded", wasSent: true, pushbackMs: undefined };
    default:
      return undefined;
  }
}

/** Whether the upstream counts as down: it did not respond in time, or responded that it is unavailable. */
export function isDown({ code }: AttemptFailure): boolean {
  return code === "unavailable" || code === "deadline_exceeded";
}

/** @returns ms that the upstream wants its caller to wait; below 0: the call must not be repeated; undefined where it sets no time */
export function pushbackMsOf(headers: Headers): number | undefined {
  const pushback = headers.get("grpc-retry-pushback-ms");
  if (pushback !== null) return parsePushback(pushback);
  const retryAfter = headers.get("retry-after");
  return retryAfter === null ? undefined : parseRetryAfter(retryAfter, Date.now());
}
