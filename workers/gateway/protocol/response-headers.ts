// Removes from the headers of an upstream's response what is not for the caller.
import type { InspectedFields } from "../../../core/protocol/response-fields.ts";
import { wholeSeconds } from "../../../core/rate-limit/ratelimit-headers.ts";
import { parsePushback, parseRetryAfter } from "../../../core/retry/retry-after.ts";

/** @param headers a copy of those that the fields were inspected of */
export function cleanResponseHeaders(headers: Headers, { removed, setsCookie, retryAfter, pushback }: InspectedFields): void {
  for (const name of removed) headers.delete(name);
  if (setsCookie) makePrivate(headers);
  if (pushback !== undefined) headers.set("grpc-retry-pushback-ms", String(parsePushback(pushback)));
  if (retryAfter === undefined) return;
  const ms = parseRetryAfter(retryAfter, Date.now());
  if (ms === undefined) headers.delete("retry-after");
  else headers.set("retry-after", String(wholeSeconds(ms)));
}

/** Without its cookie, a response still is for the caller whose session it belongs to: no shared cache may store it. */
function makePrivate(headers: Headers): void {
  for (const name of [...headers.keys()]) if (name.endsWith("cache-control")) headers.delete(name);
  headers.set("cache-control", "private");
}
