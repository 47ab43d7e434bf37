// Validators: what is asked of the upstream, what a 304 changes, and which callers know the answer already.
import type { HeaderFields } from "./headers/directives.ts";
import { parseHeaderList } from "./headers/header-list.ts";
import { parseHttpDate } from "./headers/http-date.ts";
import type { StoredResponse } from "./stored-response.ts";

/** What of the body a 304 can't change, since the body stays. */
const OF_THE_BODY: ReadonlySet<string> = new Set(["content-encoding", "content-length", "content-md5", "content-range", "etag"]);

export function headerOf({ headers }: StoredResponse, name: string): string | null {
  return headers.find(([known]) => known === name)?.[1] ?? null;
}

/** The conditions to ask the upstream under; none where the entry has no validator. */
export function conditionalHeaders(entry: StoredResponse): [string, string][] {
  const etag = headerOf(entry, "etag");
  const modified = headerOf(entry, "last-modified");
  return [
    ...(etag === null ? [] : ([["if-none-match", etag]] as [string, string][])),
    ...(modified === null ? [] : ([["if-modified-since", modified]] as [string, string][])),
  ];
}

/** The headers of an entry once a 304 has confirmed it. RFC 9111, section 3.2. */
export function updatedHeaders(entry: StoredResponse, confirmed: readonly (readonly [string, string])[]): [string, string][] {
  const updates = confirmed.filter(([name]) => !OF_THE_BODY.has(name));
  const names = new Set([...updates.map(([name]) => name), "date"]); // the old date says nothing of the age of what was confirmed now
  return [...entry.headers.filter(([name]) => !names.has(name)), ...updates].map(([name, value]) => [name, value]);
}

/** Whether a caller that asks under conditions has the answer already. RFC 9110, section 13.2.2. */
export function isNotModified(request: HeaderFields, status: number, answer: HeaderFields, now: number): boolean {
  if (status !== 200) return false;
  const known = request.get("if-none-match");
  if (known !== null) {
    const etag = answer.get("etag");
    return known.trim() === "*" || (etag !== null && parseHeaderList(known).some((one) => weak(one) === weak(etag)));
  }
  const since = parseHttpDate(request.get("if-modified-since"), now);
  const modified = parseHttpDate(answer.get("last-modified"), now);
  return since !== undefined && modified !== undefined && modified <= since;
}

function weak(etag: string): string {
  return etag.startsWith("W/") ? etag.slice(2) : etag;
}

/** Of an answer, what a 304 repeats: the rest describes a body that is not sent. */
export function isSentWithNotModified(name: string): boolean {
  return name !== "content-length" && name !== "content-encoding" && name !== "content-type" && name !== "content-range";
}
