// Revalidation: conditional requests to the upstream, what a 304 updates, and conditional requests of callers.
import { type HeaderFields, parseHeaderList } from "./headers/header-list.ts";
import { parseHttpDate } from "./headers/http-date.ts";
import type { StoredResponse } from "./stored-response.ts";

/** Fields that describe the stored body: a 304 does not change them, because the body stays. */
const BODY_FIELDS: ReadonlySet<string> = new Set(["content-encoding", "content-length", "content-md5", "content-range", "etag"]);

/** @param name in lower case */
export function headerOf({ headers }: StoredResponse, name: string): string | null {
  return headers.find(([known]) => known === name)?.[1] ?? null;
}

/** The conditions of a revalidation request; none where the stored response has no validator. */
export function conditionalHeaders(stored: StoredResponse): [string, string][] {
  const etag = headerOf(stored, "etag");
  const lastModified = headerOf(stored, "last-modified");
  return [
    ...(etag === null ? [] : ([["if-none-match", etag]] as [string, string][])),
    ...(lastModified === null ? [] : ([["if-modified-since", lastModified]] as [string, string][])),
  ];
}

/** The headers of a stored response after a 304. RFC 9111, section 3.2. */
export function updatedHeaders(stored: StoredResponse, notModified: readonly (readonly [string, string])[]): [string, string][] {
  const updates = notModified.filter(([name]) => !BODY_FIELDS.has(name));
  const names = new Set([...updates.map(([name]) => name), "date"]); // the stored date is too old for a response confirmed now
  return [...stored.headers.filter(([name]) => !names.has(name)), ...updates].map(([name, value]) => [name, value]);
}

/** Whether the conditions of a request say that its caller has this response already. RFC 9110, section 13.2.2. */
export function isNotModified(request: HeaderFields, status: number, response: HeaderFields, now: number): boolean {
  if (status !== 200) return false;
  const ifNoneMatch = request.get("if-none-match");
  if (ifNoneMatch !== null) {
    const etag = response.get("etag");
    return ifNoneMatch.trim() === "*" || (etag !== null && parseHeaderList(ifNoneMatch).some((listed) => weak(listed) === weak(etag)));
  }
  const since = parseHttpDate(request.get("if-modified-since"), now);
  const modified = parseHttpDate(response.get("last-modified"), now);
  return since !== undefined && modified !== undefined && modified <= since;
}

/** The entity tag without its weakness flag: If-None-Match compares weakly. */
function weak(etag: string): string {
  return etag.startsWith("W/") ? etag.slice(2) : etag;
}

/** Whether a 304 repeats this field of the response: fields that describe the body are left out with it. */
export function isSentWithNotModified(name: string): boolean {
  return name !== "content-length" && name !== "content-encoding" && name !== "content-type" && name !== "content-range";
}
