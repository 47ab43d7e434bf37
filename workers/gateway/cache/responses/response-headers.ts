// Header fields of responses from the cache. A stored response has one `Headers` per rendering: copying it natively is cheaper than
// building one from a list of pairs for each caller.
import type { HeaderFields } from "../../../../core/cache/headers/header-list.ts";
import type { HeaderPairs } from "./buffered-response.ts";

/** The fields that the cache adds to a response. */
export interface CacheHeaders {
  readonly age: string | undefined; // seconds; undefined for a response that was just fetched
  readonly status: string; // Cache-Status
}

/** The forms in which callers have received a stored response so far: bodies and header fields by the name of the encoding. */
export interface Renderings {
  bodies?: Map<string, Uint8Array<ArrayBuffer>>;
  headers?: Map<string, RenderedHeaders>;
}

interface RenderedHeaders {
  readonly fields: Headers; // only `renderHeaders` writes it
  age: string | undefined;
  status: string;
}

/** A `Headers` that all responses of one rendering share. It has no method that changes it: `new Response` and `new Headers` copy it. */
export interface SharedHeaders extends HeaderFields, Iterable<[string, string]> {
  has(name: string): boolean;
}

/**
 * The header fields of a response, with those of the cache.
 *
 * @param renderings those of the stored response; undefined where the response is not stored
 * @param name       name of the rendering
 * @param pairs      called where the rendering is new
 */
export function renderHeaders(
  renderings: Renderings | undefined,
  name: string,
  pairs: () => HeaderPairs,
  { age, status }: CacheHeaders,
): SharedHeaders {
  if (renderings === undefined) return headersOnce(pairs(), age, status);
  let rendered = renderings.headers?.get(name);
  if (rendered === undefined) {
    rendered = { fields: new Headers(pairs() as [string, string][]), age: undefined, status: "" };
    renderings.headers = (renderings.headers ?? new Map()).set(name, rendered);
  }
  if (age !== rendered.age && age !== undefined) rendered.fields.set("age", age);
  if (status !== rendered.status) rendered.fields.set("cache-status", status);
  rendered.age = age;
  rendered.status = status;
  return rendered.fields;
}

/** The header fields of a response that is not stored: the Cache-Status of the upstream's own cache stays. */
function headersOnce(pairs: HeaderPairs, age: string | undefined, status: string): Headers {
  const headers = new Headers(pairs as [string, string][]);
  headers.append("cache-status", status);
  if (age !== undefined) headers.set("age", age);
  return headers;
}

/** Number of bodies and header fields that were rendered. */
export function renderingCount({ bodies, headers }: Renderings): number {
  return (bodies?.size ?? 0) + (headers?.size ?? 0);
}

const RENDERING_BYTES = 500; // objects around one rendering, measured like those of a stored response
const FIELD_BYTES = 80;

/** Memory that the renderings occupy beside the stored response. */
export function renderingBytes({ bodies, headers }: Renderings, pairs: HeaderPairs): number {
  let bytes = 0;
  for (const body of bodies?.values() ?? []) bytes += RENDERING_BYTES + body.byteLength;
  if (headers === undefined) return bytes;
  let perRendering = RENDERING_BYTES;
  for (const [name, value] of pairs) perRendering += FIELD_BYTES + name.length + value.length;
  return bytes + headers.size * perRendering;
}
