// The headers that cross the gateway. Those of one connection, those that only Cloudflare's edge may write, and Tidegate's own do not.

import { cors } from "@connectrpc/connect";
import { CROSS_ORIGIN_FIELDS } from "../../../core/cors.ts";
import { OPERATOR_HEADER, TIDEGATE_HEADER_NAMES } from "../../../core/headers.ts";
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
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  "Allow",
  "Accept-Post",
];

/** Headers of one connection (RFC 9110, section 7.6.1), and those that are written anew for the next hop. */
const HOP_BY_HOP = ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];
const REQUEST_ONLY = ["host", "expect", "proxy-authorization"];
const RESPONSE_ONLY = ["proxy-authenticate", "trailer"];

/** Headers about a caller that only Cloudflare's edge may write. */
const EDGE_ONLY = ["cf-connecting-ip", "cf-connecting-ipv6", "cf-ipcountry", "cf-ray", "cf-visitor", "cf-worker", "forwarded", "x-real-ip"];

const NOT_FOR_UPSTREAMS = [...HOP_BY_HOP, ...REQUEST_ONLY, ...EDGE_ONLY, ...TIDEGATE_HEADER_NAMES];
const NOT_FOR_CALLERS = [...HOP_BY_HOP, ...RESPONSE_ONLY, ...TIDEGATE_HEADER_NAMES, ...CROSS_ORIGIN_FIELDS];

/**
 * A copy of the headers of a request, for the upstream. Layers add to it.
 *
 * @param path canonical path; only services of the gateway itself (`/tidegate.`) get the name of an operator
 */
export function requestHeaders(request: Request, path: string): Headers {
  const headers = new Headers(request.headers);
  const sent = headers.get("accept-encoding");
  const accepted = acceptEncodingOf(request, sent);
  if (accepted !== sent) headers.set("accept-encoding", accepted); // without it, the runtime adds its own
  dropNamedBy(headers.get("connection"), headers);
  const address = headers.get("cf-connecting-ip");
  const operator = path.startsWith("/tidegate.") ? headers.get(OPERATOR_HEADER) : null;
  for (const name of NOT_FOR_UPSTREAMS) headers.delete(name);
  if (operator !== null) headers.set(OPERATOR_HEADER, operator);
  if (address === null) headers.delete("x-forwarded-for");
  else headers.set("x-forwarded-for", address); // a value that the caller sent proves nothing
  return headers;
}

/** Removes from the headers of a response what is not for the caller. */
export function cleanResponseHeaders(headers: Headers): void {
  dropNamedBy(headers.get("connection"), headers);
  for (const name of NOT_FOR_CALLERS) headers.delete(name);
}

function dropNamedBy(connection: string | null, headers: Headers): void {
  if (connection === null) return;
  for (const name of connection.split(",")) {
    const token = name.trim();
    if (/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(token)) headers.delete(token);
  }
}
