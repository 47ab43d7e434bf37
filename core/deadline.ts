// Deadlines: how long a caller will wait, as its protocol says it, and what of that is left for the next hop.

/** A timeout as the caller wrote it: ms, `undefined` for none, or the reason it can't be read. */
export type Timeout = { readonly kind: "ok"; readonly ms: number | undefined } | { readonly kind: "invalid"; readonly problem: string };

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** @see connectrpc.com/docs/protocol, Timeout: 1 to 10 digits of milliseconds */
export function parseConnectTimeout(header: string | null): Timeout {
  if (header === null) return { kind: "ok", ms: undefined };
  if (!/^\d{1,10}$/.test(header)) {
    return { kind: "invalid", problem: `connect-timeout-ms "${clip(header)}" is not 1 to 10 digits` };
  }
  return { kind: "ok", ms: Number(header) };
}

/** @see github.com/grpc/grpc, PROTOCOL-HTTP2, Timeout: 1 to 8 digits and a unit. Less than 1 ms is 0. */
export function parseGrpcTimeout(header: string | null): Timeout {
  if (header === null) return { kind: "ok", ms: undefined };
  const match = /^(\d{1,8})([HMSmun])$/.exec(header);
  if (match === null) {
    return { kind: "invalid", problem: `grpc-timeout "${clip(header)}" is not 1 to 8 digits and one of H M S m u n` };
  }
  return { kind: "ok", ms: Math.floor(Number(match[1]) * (UNIT_MS[match[2]!] ?? 0)) };
}

/** The shorter of two timeouts; an invalid one counts before any other. */
export function shorterTimeout(one: Timeout, other: Timeout): Timeout {
  if (one.kind === "invalid" || (other.kind === "ok" && other.ms === undefined)) return one;
  return other.kind === "invalid" || one.ms === undefined || other.ms! < one.ms ? other : one;
}

/**
 * What the next hop may use of the time left: all but a margin, so that its answer "too late" still arrives in time.
 *
 * @param remainingMs ms left of the call's deadline
 * @returns whole ms, at least 1
 */
export function timeoutForNextHop(remainingMs: number): number {
  return Math.max(1, Math.floor(remainingMs - Math.min(20, remainingMs / 10)));
}

function clip(text: string): string {
  return text.length > 32 ? `${text.slice(0, 32)}...` : text;
}
