// Responses in memory, as plain data: they can be stored, and used by other requests than the one that fetched them.
import type { HeaderFields } from "../../../../core/cache/headers/header-list.ts";

export type HeaderPairs = readonly (readonly [string, string])[];

export interface BufferedResponse {
  readonly status: number;
  readonly headers: HeaderPairs;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Names in lower case; several lines of one field joined by commas, as in `Headers`. */
export function headerPairs(headers: Headers): [string, string][] {
  return [...headers];
}

export function headerFields(pairs: HeaderPairs): HeaderFields {
  return { get: (name) => pairs.find(([known]) => known === name.toLowerCase())?.[1] ?? null };
}

const WITHOUT_BODY: ReadonlySet<number> = new Set([101, 204, 205, 304]);

/** Copies the headers. A status without a body drops it. */
export function toResponse(status: number, headers: HeadersInit, body: Uint8Array<ArrayBuffer> | null): Response {
  return new Response(WITHOUT_BODY.has(status) ? null : body, { status, headers, encodeBody: "manual" });
}
