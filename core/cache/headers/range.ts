// Range requests: the part of a stored response that a caller wants.
import type { HeaderFields } from "./header-list.ts";
import { parseHttpDate } from "./http-date.ts";

export type ByteRange =
  | { readonly kind: "part"; readonly start: number; readonly end: number } // bytes; `end` is exclusive
  | { readonly kind: "unsatisfiable" }
  | { readonly kind: "whole" }; // no range, or one that is answered with the whole response

const ONE_RANGE = /^bytes=\s*(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))\s*$/i;

/**
 * Serves one range of bytes; several ranges are answered with the whole response, as RFC 9110, section 14.2 allows.
 *
 * @param response header fields of the response: a range with If-Range only applies to the response that the caller knows
 * @param bytes    length of the whole body
 */
export function selectRange(request: HeaderFields, response: HeaderFields, bytes: number, now: number): ByteRange {
  const range = request.get("range");
  if (range === null || !ifRangeHolds(request.get("if-range"), response, now)) return { kind: "whole" };
  const match = ONE_RANGE.exec(range);
  if (match === null) return { kind: "whole" };
  const [, first, last, suffix] = match;
  const start = first === undefined ? Math.max(0, bytes - Number(suffix)) : Number(first);
  const end = first === undefined || last === "" ? bytes : Math.min(bytes, Number(last) + 1);
  if (first !== undefined && last !== "" && Number(last) < start) return { kind: "whole" };
  return start >= bytes ? { kind: "unsatisfiable" } : { kind: "part", start, end };
}

/** If-Range compares strongly: a weak entity tag never matches. RFC 9110, section 13.1.5. */
function ifRangeHolds(ifRange: string | null, response: HeaderFields, now: number): boolean {
  if (ifRange === null) return true;
  if (ifRange.startsWith('"')) return ifRange === response.get("etag");
  const date = parseHttpDate(ifRange, now);
  return date !== undefined && date === parseHttpDate(response.get("last-modified"), now);
}
