// Judges the gateway's response to a request while every upstream responds well: any fault is the caller's, or the gateway's own.

/** A refusal is larger only where it repeats what the caller has sent. */
const MAX_REFUSAL_BYTES = 65_536;

/** @returns what is wrong with the response; undefined for a good one, and for a refusal that is typed and bounded */
export function problemIn({ status, headers }: Response, body: Uint8Array, { method, headers: sent }: Request): string | undefined {
  const text = new TextDecoder().decode(body);
  // 501 is the answer to what is not implemented, 504 to a deadline that the caller has set too short.
  const isLate = status === 504 && (sent.has("connect-timeout-ms") || sent.has("grpc-timeout"));
  if (status >= 500 && status !== 501 && !isLate) return `status ${status}: ${text.slice(0, 300)}`;
  if (isInternal(headers, text)) return `internal: ${text.slice(0, 300)}`;
  if (status < 400) return method === "HEAD" ? undefined : problemInStream(headers, body);
  if (body.byteLength > MAX_REFUSAL_BYTES) return `a refusal of ${body.byteLength} bytes`;
  const hasError = text !== "" || method === "HEAD" || status === 416 || headers.has("grpc-status");
  return hasError ? undefined : `status ${status} without an error`;
}

/** gRPC has code 13 for a message that is compressed while no header says how: there it is the caller's fault. */
function isInternal(headers: Headers, text: string): boolean {
  if (text.startsWith('{"openapi"')) return false; // documents that code
  const error = `${text} grpc-status: ${headers.get("grpc-status")} ${headers.get("grpc-message")}`;
  return /"code":\s*(?:13\b|"internal")|grpc-status: ?13\b/.test(error) && !error.includes("compressed");
}

/** A stream of envelopes has whole envelopes, and exactly one that ends it, at its end. */
function problemInStream(headers: Headers, body: Uint8Array): string | undefined {
  const type = headers.get("content-type") ?? "";
  const isWeb = /^application\/grpc-web(\+|$)/.test(type);
  if (!isWeb && !type.startsWith("application/connect+")) return undefined;
  if (headers.has("grpc-status")) return body.byteLength === 0 ? undefined : "a body beside the status in the head";
  const endFlag = isWeb ? 0x80 : 2;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let ends = 0;
  for (let at = 0; at < body.byteLength; ) {
    if (ends > 0) return "bytes after the last envelope";
    if (at + 5 > body.byteLength) return "a cut envelope";
    if ((body[at]! & endFlag) !== 0) ends += 1;
    at += 5 + view.getUint32(at + 1);
    if (at > body.byteLength) return "a cut envelope";
  }
  return ends === 1 ? undefined : "a stream without an end";
}
