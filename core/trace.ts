// W3C Trace Context: continues the trace of the caller with a span of the gateway, or starts a trace.

/** The fields of a valid `traceparent`, in lower-case hex. */
export interface TraceParent {
  readonly traceId: string; // 32 digits, not all zero
  readonly parentId: string; // 16 digits, not all zero
  readonly flags: string; // 2 digits; bit 0: sampled
}

/** @returns undefined for a header that is missing or malformed: a new trace starts then (W3C Trace Context, section 4.3) */
export function parseTraceparent(header: string | null): TraceParent | undefined {
  if (header === null || header.length < 55 || header.length > 512) return undefined;
  if (!TRACEPARENT.test(header) || (header.length > 55 && header.startsWith("00"))) return undefined;
  return { traceId: header.slice(3, 35), parentId: header.slice(36, 52), flags: header.slice(53, 55) };
}

/** Any version but ff, which is invalid; ids that are not all zero; version 00 ends with the flags. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

/**
 * The `traceparent` for the next hop.
 *
 * @param parent the header of the caller, where it sent a valid one; its decision about sampling stays
 * @param random    24 random bytes from `at` on: 16 for a new trace, 8 for the span
 * @param isSampled whether a new trace is recorded
 */
export function nextTraceparent(parent: TraceParent | undefined, random: Uint8Array, at = 0, isSampled = false): string {
  const traceId = parent?.traceId ?? hexOf(random, at) + hexOf(random, at + 8);
  return `00-${traceId}-${hexOf(random, at + 16)}-${parent?.flags ?? (isSampled ? "01" : "00")}`;
}

const MAX_STATE_MEMBERS = 32;
const MAX_STATE_LENGTH = 512; // characters
const LONG_MEMBER = 128; // characters; longer members are the first to go
const STATE_MEMBER = /^[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * The `tracestate` for the next hop: whole members only, those at the front before others, at most 32 of together 512 characters. Members
 * that are malformed are left out, and those above 128 characters where not all fit.
 *
 * @returns empty where no member is left
 * @see W3C Trace Context, section 3.3.1.5
 */
export function boundedTracestate(header: string): string {
  const isShort = header.length <= MAX_STATE_LENGTH;
  let state = "";
  let members = 0;
  for (let at = 0; at < header.length && members < MAX_STATE_MEMBERS; ) {
    const comma = header.indexOf(",", at);
    const end = comma < 0 ? header.length : comma;
    const member = header.slice(at, end).trim();
    at = end + 1;
    if (!STATE_MEMBER.test(member) || (!isShort && member.length > LONG_MEMBER)) continue;
    if (state.length + member.length >= MAX_STATE_LENGTH) break;
    state += state === "" ? member : `,${member}`;
    members += 1;
  }
  return state;
}

/** @returns whether `text` is kept as the request id: 1 to 128 visible characters that are safe in a log. Anything else is replaced. */
export function isRequestId(text: string | null): text is string {
  return text !== null && /^[A-Za-z0-9._:/+=-]{1,128}$/.test(text);
}

const digits = new Uint8Array(16); // digits of the one number that is being written

/** Eight bytes as 16 digits, made at once: a sum of strings would leave a string for each part. */
function hexOf(bytes: Uint8Array, start: number): string {
  for (let at = 0; at < 8; at++) {
    const byte = bytes[start + at]!;
    digits[2 * at] = digitOf(byte >> 4);
    digits[2 * at + 1] = digitOf(byte & 15);
  }
  return String.fromCharCode.apply(undefined, digits as unknown as number[]);
}

/** The character code of a hex digit. */
function digitOf(value: number): number {
  return value < 10 ? 48 + value : 87 + value;
}
