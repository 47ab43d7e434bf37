// The headers that cross the gateway: the table of core/headers.ts, applied to the requests for upstreams.

import { cors } from "@connectrpc/connect";
import { OPERATOR_HEADER } from "../../../core/headers.ts";
import type { ReceivedHeaders } from "../../../core/protocol/received-headers.ts";
import { acceptEncodingOf } from "./protocol.ts";

/** Methods and headers that web pages may use: those of the protocols, and the gateway's own. */
export const ALLOWED_METHODS = [...cors.allowedMethods, "PUT", "PATCH", "DELETE"];
export const ALLOWED_HEADERS = [
  ...cors.allowedHeaders,
  "Accept",
  "Authorization",
  "Idempotency-Key",
  "X-Request-Id",
  "Traceparent",
  "Tracestate",
];
export const EXPOSED_HEADERS = [
  ...cors.exposedHeaders,
  "X-Request-Id",
  "Idempotency-Replayed",
  "Tidegate-Reason",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  "Allow",
  "Accept-Post",
  "WWW-Authenticate",
];

/**
 * A copy of the headers of a request, for the upstream. Layers add to it.
 *
 * @param path canonical path; only services of the gateway itself (`/tidegate.`) get the name of an operator
 */
export function requestHeaders(request: Request, { removed, address }: ReceivedHeaders, path: string): Headers {
  const headers = new Headers(request.headers);
  const sent = headers.get("accept-encoding");
  const accepted = acceptEncodingOf(request, sent);
  if (accepted !== sent) headers.set("accept-encoding", accepted); // without it, the runtime adds its own
  const operator = path.startsWith("/tidegate.") ? headers.get(OPERATOR_HEADER) : null;
  for (const name of removed) headers.delete(name);
  if (operator !== null) headers.set(OPERATOR_HEADER, operator);
  if (address !== null) headers.set("x-forwarded-for", address);
  headers.set("x-forwarded-proto", request.url.startsWith("https:") ? "https" : "http");
  return headers;
}
