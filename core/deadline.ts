// Deadlines: reads the timeout of a call in its protocol, and computes the timeout for the next hop.
import { printable } from "./protocol/printable.ts";

const MAX_SHOWN = 32; // characters of a malformed timeout

/** A timeout as the caller sent it: ms, `undefined` for none; or why it is malformed. */
export type Timeout = { readonly kind: "ok"; readonly ms: number | undefined } | { readonly kind: "invalid"; readonly problem: string };

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** @see connectrpc.com/docs/protocol, Timeout: 1 to 10 digits of milliseconds */
export function parseConnectTimeout(header: string | null): Timeout {
  if (header === null) return { kind: "ok", ms: undefined };
  if (!/^\d{1,10}$/.test(header)) {
    return { kind: "invalid", problem: `connect-timeout-ms "${printable(header, MAX_SHOWN)}" is not 1 to 10 digits` };
  }
  return { kind: "ok", ms: Number(header) };
}

/** @see github.com/grpc/grpc, PROTOCOL-HTTP2, Timeout: 1 to 8 digits and a unit. Less than 1 ms is 0. */
export function parseGrpcTimeout(header: string | null): Timeout {
  if (header === null) return { kind: "ok", ms: undefined };
  const match = /^(\d{1,8})([HMSmun])$/.exec(header);
  if (match === null) {
    return { kind: "invalid", problem: `grpc-timeout "${printable(header, MAX_SHOWN)}" is not 1 to 8 digits and one of H M S m u n` };
  }
  return { kind: "ok", ms: Math.floor(Number(match[1]) * (UNIT_MS[match[2]!] ?? 0)) };
}

/** @returns the shorter of two timeouts; a malformed one where there is any, so that it is reported */
export function shorterTimeout(first: Timeout, second: Timeout): Timeout {
  if (first.kind === "invalid" || (second.kind === "ok" && second.ms === undefined)) return first;
  return second.kind === "invalid" || first.ms === undefined || second.ms! < first.ms ? second : first;
}

/**
 * The timeout for the next hop: the time left without a margin (10 %, at most 20 ms), so that its response "deadline exceeded" still
 * arrives in time.
 *
 * @param remainingMs ms until the deadline of the call
 * @returns whole ms, at least 1
 */
export function timeoutForNextHop(remainingMs: number): number {
  return Math.max(1, Math.floor(remainingMs - Math.min(20, remainingMs / 10)));
}
