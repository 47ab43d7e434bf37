// Responses in memory, as plain data: they can be stored, and used by other requests than the one that fetched them.
import { joinBytes } from "../../../../core/bytes.ts";
import type { HeaderFields } from "../../../../core/cache/headers/header-list.ts";

export type HeaderPairs = readonly (readonly [string, string])[];

export interface BufferedResponse {
  readonly status: number;
  readonly headers: HeaderPairs;
  readonly body: Uint8Array<ArrayBuffer>;
}

export type BodyRead =
  | { readonly kind: "whole"; readonly body: Uint8Array<ArrayBuffer> }
  | { readonly kind: "large"; readonly body: ReadableStream<Uint8Array> };

/** Names in lower case; several lines of one field joined by commas, as in `Headers`. */
export function headerPairs(headers: Headers): [string, string][] {
  return [...headers];
}

export function headerFields(pairs: HeaderPairs): HeaderFields {
  return { get: (name) => pairs.find(([known]) => known === name.toLowerCase())?.[1] ?? null };
}

/**
 * Reads a body into memory unless it is larger than `maxBytes`. Then it is returned as a stream that begins with what was read.
 *
 * @param contentLength value of Content-Length, or null
 */
export async function readBody(body: ReadableStream<Uint8Array> | null, contentLength: string | null, maxBytes: number): Promise<BodyRead> {
  if (body === null) return { kind: "whole", body: new Uint8Array() };
  if (contentLength !== null && Number(contentLength) > maxBytes) return { kind: "large", body };
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { kind: "whole", body: joinBytes(chunks, size) };
    chunks.push(value);
    size += value.byteLength;
    if (size > maxBytes) return { kind: "large", body: resumed(chunks, reader) };
  }
}

/** A stream of the chunks that were read, and then of the rest. */
function resumed(chunks: readonly Uint8Array[], reader: ReadableStreamDefaultReader<Uint8Array>): ReadableStream<Uint8Array> {
  const pending = [...chunks];
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = pending.shift();
        if (chunk !== undefined) return controller.enqueue(chunk);
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

const WITHOUT_BODY: ReadonlySet<number> = new Set([101, 204, 205, 304]);

/** Copies the headers. A status without a body drops it. */
export function toResponse(status: number, headers: HeadersInit, body: Uint8Array<ArrayBuffer> | null): Response {
  return new Response(WITHOUT_BODY.has(status) ? null : body, { status, headers, encodeBody: "manual" });
}
