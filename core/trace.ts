// W3C Trace Context: continues the trace of the caller with a span of the gateway, or starts a trace.

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The fields of a valid `traceparent`, in lower-case hex. */
export interface TraceParent {
  readonly traceId: string; // 32 digits, not all zero
  readonly parentId: string; // 16 digits, not all zero
  readonly flags: string; // 2 digits; bit 0: sampled
}

/** @returns undefined for a header that is missing or malformed: a new trace starts then (W3C Trace Context, section 4.3) */
export function parseTraceparent(header: string | null): TraceParent | undefined {
  if (header === null || header.length < 55 || header.length > 512) return undefined;
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(header);
  if (match === null) return undefined;
  const [, version, traceId, parentId, flags, rest] = match as unknown as [string, string, string, string, string, string?];
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  return { traceId, parentId, flags };
}

/**
 * The `traceparent` for the next hop.
 *
 * @param parent the header of the caller, where it sent a valid one; its decision about sampling stays
 * @param random 24 random bytes: 16 for a new trace, 8 for the span
 */
export function nextTraceparent(parent: TraceParent | undefined, random: Uint8Array): string {
  const traceId = parent?.traceId ?? hexOf(random, 0, 16);
  return `00-${traceId}-${hexOf(random, 16, 24)}-${parent?.flags ?? "00"}`;
}

/** @returns whether `text` is kept as the request id: 1 to 128 visible characters that are safe in a log. Anything else is replaced. */
export function isRequestId(text: string | null): text is string {
  return text !== null && /^[A-Za-z0-9._:/+=-]{1,128}$/.test(text);
}

function hexOf(bytes: Uint8Array, start: number, end: number): string {
  let hex = "";
  for (let at = start; at < end; at++) hex += HEX[bytes[at]!];
  return hex;
}
