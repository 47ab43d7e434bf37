// Which headers cross the gateway. What belongs to one connection, or could be taken for the edge's word, does not.

import { cors } from "@connectrpc/connect";
import { CROSS_ORIGIN_FIELDS } from "../../../core/cors.ts";
import { OPERATOR_HEADER, TIDEGATE_HEADER_NAMES } from "../../../core/headers.ts";
import { acceptEncodingOf } from "./protocol.ts";

/** What web pages may send and read: what the protocols need, and what the gateway says itself. */
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

/** Of one connection only (RFC 9110, section 7.6.1), or written anew for the next one. */
const HOP_BY_HOP = ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];
const REQUEST_ONLY = ["host", "expect", "proxy-authorization"];
const ANSWER_ONLY = ["proxy-authenticate", "trailer"];

/** What only the edge may say of a caller. */
const THE_EDGES = ["cf-connecting-ip", "cf-connecting-ipv6", "cf-ipcountry", "cf-ray", "cf-visitor", "cf-worker", "forwarded", "x-real-ip"];

const NOT_FOR_UPSTREAMS = [...HOP_BY_HOP, ...REQUEST_ONLY, ...THE_EDGES, ...TIDEGATE_HEADER_NAMES];
const NOT_FOR_CALLERS = [...HOP_BY_HOP, ...ANSWER_ONLY, ...TIDEGATE_HEADER_NAMES, ...CROSS_ORIGIN_FIELDS];

/**
 * The headers of a call as the upstream gets them: one copy, which the layers add to.
 *
 * @param path canonical; services of the gateway itself get the operator's name, upstreams do not
 */
export function requestHeaders(request: Request, path: string): Headers {
  const headers = new Headers(request.headers);
  const sent = headers.get("accept-encoding");
  const accepted = acceptEncodingOf(request, sent);
  if (accepted !== sent) headers.set("accept-encoding", accepted); // where there is none, the runtime adds its own
  dropNamedBy(headers.get("connection"), headers);
  const address = headers.get("cf-connecting-ip");
  const operator = path.startsWith("/tidegate.") ? headers.get(OPERATOR_HEADER) : null;
  for (const name of NOT_FOR_UPSTREAMS) headers.delete(name);
  if (operator !== null) headers.set(OPERATOR_HEADER, operator);
  if (address === null) headers.delete("x-forwarded-for");
  else headers.set("x-forwarded-for", address); // the edge's word; what a caller writes there proves nothing
  return headers;
}

/** Leaves in the headers of an answer what is for the caller. */
export function cleanAnswer(headers: Headers): void {
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
