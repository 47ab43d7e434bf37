// What is known of responses that Workers receive, and Connect does not handle: redirects, a 504 without its body, bodies that the platform
// has decompressed.
import { Code, ConnectError } from "@connectrpc/connect";

/** How requests are sent. Redirects are not followed: they would send a call, and its credentials, elsewhere. */
export function sendInit(isRaw: boolean): RequestInit {
  return isRaw ? { redirect: "manual", encodeResponseBody: "manual" } : { redirect: "manual" };
}

/** @returns the error of a response that is a redirect */
export function redirectError({ status, type }: Response): ConnectError | undefined {
  const isRedirect = (status >= 300 && status < 400 && status !== 304) || (type as string) === "opaqueredirect";
  return isRedirect ? new ConnectError(`service responded with a redirect (${status})`, Code.Unavailable) : undefined;
}

/** On the public network a 504 can lose its body; Connect would then read `unavailable`, which invites another attempt. */
export function lateError({ status, headers }: Response, sent: Headers): ConnectError | undefined {
  const isTimed = status === 504 && (sent.has("connect-timeout-ms") || sent.has("grpc-timeout"));
  if (!isTimed || headers.get("content-type")?.startsWith("application/json") === true) return undefined;
  return new ConnectError("service did not respond in time", Code.DeadlineExceeded);
}

/** The response with headers that fit its body. */
export function fitting(response: Response, isRaw: boolean): Response {
  const headers = headersFor(response, isRaw);
  return headers === response.headers ? response : new Response(response.body, { status: response.status, headers });
}

/** Headers as they fit the body: the platform has decompressed it, and they may still describe the compressed one. */
export function headersFor({ headers }: Response, isRaw: boolean): Headers {
  if (isRaw || !headers.has("content-encoding")) return headers;
  const fitting = new Headers(headers);
  fitting.delete("content-encoding");
  fitting.delete("content-length");
  return fitting;
}
