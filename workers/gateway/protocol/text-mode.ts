// gRPC-Web in text mode, the default of Google's generator: requests are decoded from base64 before the pipeline, responses encoded after it.

import { encodePiece, pieceDecoder } from "../../../core/protocol/base64-pieces.ts";
import { Rejected } from "../../../core/rejection.ts";
import { standingFor } from "../auth/edge.ts";
import type { Responding } from "../call/layer.ts";

const TEXT = "application/grpc-web-text";
const BINARY = "application/grpc-web";

/** @param contentType of a gRPC-Web request, without parameters */
export function isTextMode(request: Request, contentType: string): boolean {
  return contentType.startsWith(TEXT) || (request.headers.get("accept")?.includes(TEXT) ?? false);
}

/**
 * @param respond responds to the call in its binary form, whose content type it gets
 */
export async function inTextMode(
  request: Request,
  contentType: string,
  respond: (binary: Request, contentType: string) => Responding,
): Promise<Response> {
  const isText = contentType.startsWith(TEXT);
  const binaryType = isText ? BINARY + contentType.slice(TEXT.length) : contentType;
  const headers = new Headers(request.headers);
  headers.set("content-type", binaryType);
  headers.delete("accept"); // makes the upstream respond in the binary form
  if (isText) headers.delete("content-length");
  const body = isText && request.body !== null ? decoded(request.body) : request.body;
  const response = await respond(standingFor(new Request(request, { headers, body }), request), binaryType);
  if (!response.headers.get("content-type")?.startsWith(BINARY)) return response;
  const textHeaders = new Headers(response.headers);
  textHeaders.set("content-type", TEXT + binaryType.slice(BINARY.length));
  textHeaders.delete("content-length");
  return new Response(response.body === null ? null : encoded(response.body), { status: response.status, headers: textHeaders });
}

function decoded(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const decoder = pieceDecoder();
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      const bytes = done ? undefined : decoder.push(value);
      if (done && decoder.isBetweenGroups()) return controller.close();
      if (bytes === undefined) {
        const message = `the body is not ${TEXT}: ${done ? "its base64 is cut short" : "it has characters that are no base64"}`;
        void reader.cancel().catch(() => undefined);
        throw new Rejected({ kind: "invalid_request", message });
      }
      if (bytes.byteLength > 0) return controller.enqueue(bytes);
    }
  };
  return new ReadableStream<Uint8Array>({ pull, cancel: (reason) => reader.cancel(reason) }, { highWaterMark: 0 });
}

/** Encodes each chunk separately, so that no message waits for the next one. */
function encoded(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const { done, value } = await reader.read();
    if (done) controller.close();
    else controller.enqueue(encodePiece(value));
  };
  return new ReadableStream<Uint8Array>({ pull, cancel: (reason) => reader.cancel(reason) }, { highWaterMark: 0 });
}
