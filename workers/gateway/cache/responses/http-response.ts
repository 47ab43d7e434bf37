// An answer as one HTTP caller gets it: whole, a part of it, or only that it has not changed.
import { selectRange } from "../../../../core/cache/headers/range.ts";
import { isNotModified, isSentWithNotModified } from "../../../../core/cache/revalidation.ts";
import { type BufferedResponse, toResponse } from "./buffered-response.ts";
import { type CacheHeaders, type Renderings, renderHeaders } from "./response-headers.ts";

export function renderHttp(
  request: Request,
  { status, headers: fields, body }: BufferedResponse,
  said: CacheHeaders,
  now: number,
  forms?: Renderings,
): Response {
  const asked = request.headers;
  const head = renderHeaders(forms, "http", () => fields, said);
  const isHead = request.method === "HEAD";
  if (status !== 200 || !(isHead || asked.has("if-none-match") || asked.has("if-modified-since") || asked.has("range")))
    return toResponse(status, head, isHead ? null : body);

  const headers = new Headers(head);
  if (isNotModified(asked, status, head, now)) {
    for (const name of [...headers.keys()]) if (!isSentWithNotModified(name)) headers.delete(name);
    return toResponse(304, headers, null);
  }
  if (isHead) {
    if (!headers.has("content-length")) headers.set("content-length", String(body.byteLength));
    return toResponse(200, headers, null);
  }
  const range = selectRange(asked, head, body.byteLength, now);
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
