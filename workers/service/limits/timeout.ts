// Bounds the timeouts that callers set: a longer one counts as the longest one.
import { parseConnectTimeout, parseGrpcTimeout } from "../../../core/deadline.ts";

const LONGEST_TIMER_MS = 2_147_483_647; // a timer with a longer time would end at once

/** @param timeoutMs undefined for none */
export function limitTimeout(timeoutMs: number | undefined, maxTimeoutMs: number): number | undefined {
  return timeoutMs === undefined ? undefined : Math.min(timeoutMs, maxTimeoutMs, LONGEST_TIMER_MS);
}

/** The headers of a request with the timeout that holds; the same object unless it is shorter than the one of the caller. */
export function withLimitedTimeout(headers: Headers, isGrpcWeb: boolean, maxTimeoutMs: number): Headers {
  const name = isGrpcWeb ? "grpc-timeout" : "connect-timeout-ms";
  const timeout = (isGrpcWeb ? parseGrpcTimeout : parseConnectTimeout)(headers.get(name));
  if (timeout.kind === "invalid" || timeout.ms === undefined) return headers; // connect-es refuses one that is invalid
  const limited = limitTimeout(timeout.ms, maxTimeoutMs)!;
  if (limited === timeout.ms) return headers;
  const copy = new Headers(headers);
  // gRPC has 8 digits for the number: as many milliseconds are 27 hours.
  copy.set(name, !isGrpcWeb ? String(limited) : limited < 100_000_000 ? `${limited}m` : `${Math.floor(limited / 1_000)}S`);
  return copy;
}
