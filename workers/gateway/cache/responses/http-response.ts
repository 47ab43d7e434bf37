// A response as one HTTP caller receives it: whole, a range of it, or 304 where the caller has it already.
import { selectRange } from "../../../../core/cache/headers/range.ts";
import { isNotModified, isSentWithNotModified } from "../../../../core/cache/revalidation.ts";
import { type BufferedResponse, toResponse } from "./buffered-response.ts";
import { type CacheHeaders, type Renderings, renderHeaders } from "./response-headers.ts";

export function renderHttp(
  request: Request,
  { status, headers: pairs, body }: BufferedResponse,
  cacheHeaders: CacheHeaders,
  now: number,
  renderings?: Renderings,
): Response {
  const conditions = request.headers;
  const shared = renderHeaders(renderings, "http", () => pairs, cacheHeaders);
  const isHead = request.method === "HEAD";
  const isConditional = conditions.has("if-none-match") || conditions.has("if-modified-since") || conditions.has("range");
  if (status !== 200 || !(isHead || isConditional)) return toResponse(status, shared, isHead ? null : body);

  const headers = new Headers(shared);
  if (isNotModified(conditions, status, shared, now)) {
    for (const name of [...headers.keys()]) if (!isSentWithNotModified(name)) headers.delete(name);
    return toResponse(304, headers, null);
  }
  if (isHead) {
    if (!headers.has("content-length")) headers.set("content-length", String(body.byteLength));
    return toResponse(200, headers, null);
  }
  const range = selectRange(conditions, shared, body.byteLength, now);
  if (range.kind === "whole") return toResponse(200, headers, body);
  headers.delete("content-length");
  if (range.kind === "unsatisfiable") {
    headers.delete("content-type");
    headers.set("content-range", `bytes */${body.byteLength}`);
    return toResponse(416, headers, null);
  }
  const { start, end } = range;
  headers.set("content-range", `bytes ${start}-${end - 1}/${body.byteLength}`);
  return toResponse(206, headers, body.slice(start, end));
}
