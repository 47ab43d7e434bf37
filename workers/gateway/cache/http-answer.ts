// An answer as one HTTP caller gets it: whole, a part of it, or only that it has not changed.
import { rangeOf } from "../../../core/cache/range.ts";
import { isForNotModified, isNotModified } from "../../../core/cache/validate.ts";
import { fieldsOf, type Pairs, type Plain, responseOf } from "./plain.ts";

export function presentHttp(request: Request, { status, headers, body }: Plain, extra: Pairs, now: number): Response {
  const asked = request.headers;
  const all = [...headers, ...extra] as [string, string][];
  const isHead = request.method === "HEAD";
  if (status !== 200 || !(isHead || asked.has("if-none-match") || asked.has("if-modified-since") || asked.has("range")))
    return responseOf(status, all, isHead ? null : body);

  const answer = fieldsOf(headers);
  if (isNotModified(asked, status, answer, now))
    return responseOf(
      304,
      all.filter(([name]) => isForNotModified(name)),
      null,
    );
  if (isHead) return responseOf(200, withLength(all, body.byteLength), null);
  const range = rangeOf(asked, answer, body.byteLength, now);
  const rest = all.filter(([name]) => name !== "content-length" && name !== "content-range");
  switch (range.kind) {
    case "whole":
      return responseOf(200, all, body);
    case "part": {
      const { start, end } = range;
      return responseOf(206, [...rest, ["content-range", `bytes ${start}-${end - 1}/${body.byteLength}`]], body.slice(start, end));
    }
    case "unsatisfiable":
      return responseOf(416, [...rest.filter(([name]) => name !== "content-type"), ["content-range", `bytes */${body.byteLength}`]], null);
  }
}

function withLength(headers: [string, string][], bytes: number): [string, string][] {
  return headers.some(([name]) => name === "content-length") ? headers : [...headers, ["content-length", String(bytes)]];
}
