// Which headers cross the gateway. What belongs to one connection, or could be taken for the edge's word, does not.

/** Of one connection only (RFC 9110, section 7.6.1), or written anew for the next one. */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
  "expect",
  "host",
];

/** What only the edge may say of a caller, and what we say of it ourselves. */
const NOT_THE_CALLERS = [
  "cf-connecting-ip",
  "cf-connecting-ipv6",
  "cf-ipcountry",
  "cf-ray",
  "cf-visitor",
  "cf-worker",
  "cdn-loop",
  "forwarded",
  "x-real-ip",
];

/** The headers of a call as the upstream gets them: one copy, which the layers add to. */
export function requestHeaders(from: Headers): Headers {
  const headers = new Headers(from);
  dropNamedBy(headers.get("connection"), headers);
  for (const name of HOP_BY_HOP) headers.delete(name);
  for (const name of NOT_THE_CALLERS) headers.delete(name);
  const address = from.get("cf-connecting-ip");
  if (address === null) headers.delete("x-forwarded-for");
  else headers.set("x-forwarded-for", address); // the edge's word; what a caller writes there proves nothing
  return headers;
}

/** The headers of an answer as the caller gets them. */
export function responseHeaders(from: Headers): Headers {
  const headers = new Headers(from);
  dropNamedBy(headers.get("connection"), headers);
  for (const name of HOP_BY_HOP) headers.delete(name);
  return headers;
}

function dropNamedBy(connection: string | null, headers: Headers): void {
  if (connection === null) return;
  for (const name of connection.split(",")) {
    const token = name.trim();
    if (/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(token)) headers.delete(token);
  }
}
