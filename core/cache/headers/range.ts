// Parts of an answer that is kept whole.
import type { HeaderFields } from "./directives.ts";
import { parseHttpDate } from "./http-date.ts";

export type ByteRange =
  | { readonly kind: "part"; readonly start: number; readonly end: number } // `end` is not in it
  | { readonly kind: "unsatisfiable" }
  | { readonly kind: "whole" }; // no range, or one that is better answered with everything

const ONE_RANGE = /^bytes=\s*(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))\s*$/i;

/**
 * One range of bytes; several are answered with everything, as RFC 9110, section 14.2 allows.
 *
 * @param bytes of the whole body
 * @param answer its header fields: a range under If-Range holds for the answer that the caller knows, and for no other
 */
export function selectRange(request: HeaderFields, answer: HeaderFields, bytes: number, now: number): ByteRange {
  const range = request.get("range");
  if (range === null || !isTheSame(request.get("if-range"), answer, now)) return { kind: "whole" };
  const found = ONE_RANGE.exec(range);
  if (found === null) return { kind: "whole" };
  const [, first, last, suffix] = found;
  const start = first === undefined ? Math.max(0, bytes - Number(suffix)) : Number(first);
  const end = first === undefined || last === "" ? bytes : Math.min(bytes, Number(last) + 1);
  if (first !== undefined && last !== "" && Number(last) < start) return { kind: "whole" };
  return start >= bytes ? { kind: "unsatisfiable" } : { kind: "part", start, end };
}

function isTheSame(ifRange: string | null, answer: HeaderFields, now: number): boolean {
  if (ifRange === null) return true;
  if (ifRange.startsWith('"')) return ifRange === answer.get("etag");
  const at = parseHttpDate(ifRange, now);
  return at !== undefined && at === parseHttpDate(answer.get("last-modified"), now);
}
