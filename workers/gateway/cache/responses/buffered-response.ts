// Answers as plain data: fit to be kept, and to be used by other requests than the one that fetched them.
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

/** Names in lower case; fields of several lines in one, as `Headers` has them. */
export function headerPairs(headers: Headers): [string, string][] {
  return [...headers];
}

export function headerFields(pairs: HeaderPairs): HeaderFields {
  return { get: (name) => pairs.find(([known]) => known === name.toLowerCase())?.[1] ?? null };
}

/**
 * Reads a body that may be too large to keep: then what has been read comes first in the stream that is left.
 *
 * @param told what the answer says of its length, or null
 */
export async function readBody(body: ReadableStream<Uint8Array> | null, told: string | null, maxBytes: number): Promise<BodyRead> {
  if (body === null) return { kind: "whole", body: new Uint8Array() };
  if (told !== null && Number(told) > maxBytes) return { kind: "large", body };
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

function resumed(chunks: readonly Uint8Array[], reader: ReadableStreamDefaultReader<Uint8Array>): ReadableStream<Uint8Array> {
  const first = [...chunks];
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = first.shift();
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

export function toResponse(status: number, headers: Headers, body: Uint8Array<ArrayBuffer> | null): Response {
  return new Response(WITHOUT_BODY.has(status) ? null : body, { status, headers, encodeBody: "manual" });
}
