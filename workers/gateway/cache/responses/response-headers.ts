// Header fields of answers that are kept: made once for each form, and copied natively. From a list of pairs they cost four times as much.
import type { HeaderPairs } from "./buffered-response.ts";

/** What is said of how an answer came about. */
export interface CacheHeaders {
  readonly age: string | undefined; // seconds; undefined for what has just been fetched
  readonly status: string; // Cache-Status
}

/** Other ways to write an answer that is kept, as callers have asked for them. */
export interface Renderings {
  bodies?: Map<string, Uint8Array<ArrayBuffer>>;
  heads?: Map<string, RenderedHeaders>;
}

interface RenderedHeaders {
  readonly headers: Headers;
  age: string | undefined;
  status: string;
}

/**
 * @param forms of the answer, where it is kept
 * @param name  of the form
 * @returns the fields of an answer: to be copied, not to be changed
 */
export function renderHeaders(
  forms: Renderings | undefined,
  name: string,
  fields: () => HeaderPairs,
  { age, status }: CacheHeaders,
): Headers {
  let head = forms?.heads?.get(name);
  if (head === undefined) {
    head = { headers: new Headers(fields() as [string, string][]), age: undefined, status: "" };
    const before = head.headers.get("cache-status");
    if (forms === undefined && before !== null) head.headers.set("cache-status", `${before}, ${status}`);
    else if (forms !== undefined) forms.heads = (forms.heads ?? new Map()).set(name, head);
    if (forms === undefined && before !== null) head.status = status;
  }
  if (age !== head.age && age !== undefined) head.headers.set("age", age);
  if (status !== head.status) head.headers.set("cache-status", status);
  head.age = age;
  head.status = status;
  return head.headers;
}

/** How many forms there are. */
export function renderingCount({ bodies, heads }: Renderings): number {
  return (bodies?.size ?? 0) + (heads?.size ?? 0);
}

const PER_FORM = 500; // of the objects around one, as measured for entries
const PER_FIELD = 80;

/** What the forms occupy beside the answer itself. */
export function renderingBytes({ bodies, heads }: Renderings, headers: HeaderPairs): number {
  let bytes = 0;
  for (const body of bodies?.values() ?? []) bytes += PER_FORM + body.byteLength;
  if (heads === undefined) return bytes;
  let each = PER_FORM;
  for (const [name, value] of headers) each += PER_FIELD + name.length + value.length;
  return bytes + heads.size * each;
}
