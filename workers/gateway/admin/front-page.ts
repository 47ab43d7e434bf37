// The response to a browser at `/` if the configuration serves nothing there: a redirect to the API reference.

import { reasonField } from "../../../core/reasons.ts";

const HTML_TYPE = /(?:^|,)\s*(?:text\/html|application\/xhtml\+xml)\s*(?:;([^,]*))?(?=,|$)/i;
const ZERO_QUALITY = /(?:^|;)\s*q=0(?:\.0{0,3})?\s*(?:;|$)/i;

/** Whether the caller accepts HTML by name, as browsers do. API clients send a wildcard or their own type; they get the error. */
export function wantsPage({ method, headers }: Request): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  const html = HTML_TYPE.exec(headers.get("accept") ?? "");
  return html !== null && !ZERO_QUALITY.test(html[1] ?? "");
}

/** Temporary and not cacheable: the operator may serve something at `/` later. */
export function redirectToReference(): Response {
  return new Response(null, {
    status: 302,
    headers: {
      location: "/docs/",
      vary: "accept",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...reasonField("document"),
    },
  });
}
