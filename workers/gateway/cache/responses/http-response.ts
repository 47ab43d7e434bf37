// An answer as one HTTP caller gets it: whole, a part of it, or only that it has not changed.
import { rangeOf } from "../../../../core/cache/range.ts";
import { isForNotModified, isNotModified } from "../../../../core/cache/validate.ts";
import { type Forms, headOf, type Said } from "./response-headers.ts";
import { type Plain, responseOf } from "./stored-response.ts";

export function presentHttp(request: Request, { status, headers: fields, body }: Plain, said: Said, now: number, forms?: Forms): Response {
  const asked = request.headers;
  const head = headOf(forms, "http", () => fields, said);
  const isHead = request.method === "HEAD";
  if (status !== 200 || !(isHead || asked.has("if-none-match") || asked.has("if-modified-since") || asked.has("range")))
    return responseOf(status, head, isHead ? null : body);

  const headers = new Headers(head);
  if (isNotModified(asked, status, head, now)) {
    for (const name of [...headers.keys()]) if (!isForNotModified(name)) headers.delete(name);
    return responseOf(304, headers, null);
  }
  if (isHead) {
    if (!headers.has("content-length")) headers.set("content-length", String(body.byteLength));
    return responseOf(200, headers, null);
  }
  const range = rangeOf(asked, head, body.byteLength, now);
  if (range.kind === "whole") return responseOf(200, headers, body);
  headers.delete("content-length");
  if (range.kind === "unsatisfiable") {
    headers.delete("content-type");
    headers.set("content-range", `bytes */${body.byteLength}`);
    return responseOf(416, headers, null);
  }
  const { start, end } = range;
  headers.set("content-range", `bytes ${start}-${end - 1}/${body.byteLength}`);
  return responseOf(206, headers, body.slice(start, end));
}
