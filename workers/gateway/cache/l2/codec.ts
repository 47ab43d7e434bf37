// A stored response as a block of the shared level: u32 length | JSON of all but the body | body.
// Blocks are checked when they are read: other Workers may write to the same storage.
import { type StoredResponse, storedUntil } from "../../../../core/cache/stored-response.ts";
import { isCrossOriginField } from "../../../../core/cors.ts";

/** Stored beside the block, so that it can be checked before it is parsed. The names are short because storage limits their size. */
export interface BlockMetadata {
  readonly v: number; // version of this format
  readonly s: number; // storedAt, epoch ms
  readonly f: number; // freshUntil
  readonly k: number; // storedUntil
  readonly q: number; // purgeSeq
  readonly n: number; // length of the JSON in bytes
  readonly b: number; // length of the body in bytes
}

export interface L2Block {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly metadata: BlockMetadata;
}

export type DecodedBlock =
  | { readonly kind: "response"; readonly stored: StoredResponse }
  | { readonly kind: "expired" | "other_version" | "corrupt" };

/** Raised with every change to the meaning of a stored response. Blocks of other versions count as missing. */
export const VERSION = 2;
const PREFIX_BYTES = 4;

export function encodeBlock(stored: StoredResponse): L2Block {
  const { body, ...rest } = stored;
  // JSON has no infinity and would write null.
  const json = JSON.stringify(rest, (_, value: unknown) => (value === Number.POSITIVE_INFINITY ? Number.MAX_VALUE : value));
  const head = new TextEncoder().encode(json);
  const bytes = new Uint8Array(PREFIX_BYTES + head.byteLength + body.byteLength);
  new DataView(bytes.buffer).setUint32(0, head.byteLength);
  bytes.set(head, PREFIX_BYTES);
  bytes.set(body, PREFIX_BYTES + head.byteLength);
  const { storedAt: s, freshUntil: f, purgeSeq: q } = rest;
  return { bytes, metadata: { v: VERSION, s, f, k: storedUntil(stored), q, n: head.byteLength, b: body.byteLength } };
}

/** Time for which the storage has to keep a block: ms. */
export function lifeMs({ k }: BlockMetadata, now: number): number {
  return k - now;
}

/** Metadata from text. Text that is no JSON belongs to another version. */
export function parseMetadata(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param metadata as it was read, unchecked
 * @param now      epoch ms
 */
export function decodeBlock(buffer: ArrayBuffer, metadata: unknown, now: number): DecodedBlock {
  if (!isObject(metadata) || metadata["v"] !== VERSION) return { kind: "other_version" };
  const { k, n, b } = metadata as Partial<BlockMetadata>;
  if (Number(k) <= now) return { kind: "expired" };
  if (buffer.byteLength < PREFIX_BYTES) return { kind: "corrupt" };
  const length = new DataView(buffer).getUint32(0);
  if (length !== n || PREFIX_BYTES + length + Number(b) !== buffer.byteLength) return { kind: "corrupt" };
  try {
    const rest: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(new Uint8Array(buffer, PREFIX_BYTES, length)),
    );
    if (!isObject(rest) || !isStoredResponse(rest)) return { kind: "corrupt" };
    const headers = rest.headers.filter(([name]) => !isCrossOriginField(name)); // the gateway writes these itself, for each caller's origin
    const stored = { ...rest, headers, body: new Uint8Array(buffer, PREFIX_BYTES + length) };
    return storedUntil(stored) > now ? { kind: "response", stored } : { kind: "expired" }; // the metadata may differ from the content
  } catch {
    return { kind: "corrupt" };
  }
}

const NUMBERS = [
  ...(["storedAt", "generatedAt", "freshUntil", "staleUntil", "staleIfErrorUntil", "revalidatableUntil"] as const),
  ...(["fetchMs", "unchangedCount", "purgeSeq"] as const),
];

function isStoredResponse(rest: Readonly<Record<string, unknown>>): rest is Record<string, unknown> & Omit<StoredResponse, "body"> {
  const { status, headers, tags, route } = rest;
  return (
    Number.isInteger(status) &&
    (status as number) >= 200 &&
    (status as number) <= 599 &&
    typeof route === "string" &&
    NUMBERS.every((name) => typeof rest[name] === "number") &&
    isList(tags, (tag) => typeof tag === "string") &&
    isList(headers, (field) => Array.isArray(field) && field.length === 2 && field.every((part) => typeof part === "string"))
  );
}

function isList(value: unknown, isMember: (member: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isMember);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
