// The time after which an upstream wants its callers to try again, as far as the gateway believes it.
import { parseHttpDate } from "../cache/headers/http-date.ts";

/** A caller is never made to wait longer, whatever the upstream says: else one wrong response keeps its callers away for years. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * Reads `Retry-After`.
 *
 * @param text value of the field: seconds, or an HTTP date
 * @param now  epoch ms
 * @returns ms, in [0, MAX_RETRY_AFTER_MS]; undefined where the value is neither, for example two values in one field
 * @see RFC 9110, section 10.2.3
 */
export function parseRetryAfter(text: string, now: number): number | undefined {
  if (/^\d{1,20}$/.test(text)) return clamp(Number(text) * 1_000);
  if (text.length > 40) return undefined; // longer than any HTTP date
  const at = parseHttpDate(text, now);
  return at === undefined ? undefined : clamp(at - now);
}

/**
 * Reads `grpc-retry-pushback-ms`.
 *
 * @returns ms, in [0, MAX_RETRY_AFTER_MS]; -1 where the call must not be repeated
 * @see gRFC A6: a value that is no number forbids retries, too
 */
export function parsePushback(text: string): number {
  return /^\d{1,20}$/.test(text) ? clamp(Number(text)) : -1;
}

function clamp(ms: number): number {
  return Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS);
}
