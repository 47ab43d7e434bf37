// HEAD requests: handled as the GET they stand for, and the response loses its body.

import { standingFor } from "../auth/edge.ts";
import type { Responding } from "../call/layer.ts";

/** The GET that a HEAD request stands for. */
export function asGet(request: Request): Request {
  const { url, headers, signal } = request;
  return standingFor(new Request(url, { method: "GET", headers, signal }), request);
}

/**
 * @param isWhole the body is in memory: its length is that of the response to a GET
 * @see RFC 9110, sections 9.3.2 and 8.6: Content-Length as in the response to a GET, or none
 */
export async function withoutBody(responding: Responding, isWhole: boolean): Promise<Response> {
  const response = await responding;
  const { status, headers, body } = response;
  if (body === null) return response;
  if (isWhole && !headers.has("content-length")) headers.set("content-length", String((await response.arrayBuffer()).byteLength));
  else await body.cancel();
  return new Response(null, { status, headers, encodeBody: "manual" });
}
