// An entry as the shared level keeps it: u32 length | JSON of all but the body | body. Read as what it is: bytes that anybody may have written.
import { type StoredResponse, storedUntil } from "../../../../core/cache/stored-response.ts";
import { isCrossOriginField } from "../../../../core/cors.ts";

/** Beside the value, so that an entry can be judged before it is parsed. */
export interface BlockMetadata {
  readonly v: number; // version of this form
  readonly s: number; // storedAt, epoch ms
  readonly f: number; // freshUntil
  readonly k: number; // when nothing may serve it any more
  readonly q: number; // seq
  readonly n: number; // bytes of the JSON
  readonly b: number; // bytes of the body
}

export interface L2Block {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly metadata: BlockMetadata;
}

export type DecodedBlock =
  | { readonly kind: "entry"; readonly entry: StoredResponse }
  | { readonly kind: "expired" | "other_version" | "corrupt" };

/** Changed with every change of what an entry means: what another version wrote is not there. */
export const VERSION = 2;
const PREFIX = 4;

export function encodeBlock(entry: StoredResponse): L2Block {
  const { body, ...rest } = entry;
  // JSON has no infinity, and writes null for it.
  const json = JSON.stringify(rest, (_, value: unknown) => (value === Number.POSITIVE_INFINITY ? Number.MAX_VALUE : value));
  const head = new TextEncoder().encode(json);
  const bytes = new Uint8Array(PREFIX + head.byteLength + body.byteLength);
  new DataView(bytes.buffer).setUint32(0, head.byteLength);
  bytes.set(head, PREFIX);
  bytes.set(body, PREFIX + head.byteLength);
  const { storedAt: s, freshUntil: f, purgeSeq: q } = rest;
  return { bytes, metadata: { v: VERSION, s, f, k: storedUntil(entry), q, n: head.byteLength, b: body.byteLength } };
}

/** How long a block may be kept: ms. */
export function lifeMs({ k }: BlockMetadata, now: number): number {
  return k - now;
}

/** @param metadata as it was found; anything. @param now epoch ms */
export function decodeBlock(buffer: ArrayBuffer, metadata: unknown, now: number): DecodedBlock {
  if (!isObject(metadata) || metadata["v"] !== VERSION) return { kind: "other_version" };
  const { k, n, b } = metadata as Partial<BlockMetadata>;
  if (Number(k) <= now) return { kind: "expired" };
  if (buffer.byteLength < PREFIX) return { kind: "corrupt" };
  const length = new DataView(buffer).getUint32(0);
  if (length !== n || PREFIX + length + Number(b) !== buffer.byteLength) return { kind: "corrupt" };
  try {
    const rest: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(new Uint8Array(buffer, PREFIX, length)),
    );
    if (!isObject(rest) || !isEntry(rest)) return { kind: "corrupt" };
    const headers = rest.headers.filter(([name]) => !isCrossOriginField(name)); // an earlier version stored those of upstreams, too
    const entry = { ...rest, headers, body: new Uint8Array(buffer, PREFIX + length) };
    return storedUntil(entry) > now ? { kind: "entry", entry } : { kind: "expired" }; // what counts is the entry's own word
  } catch {
    return { kind: "corrupt" };
  }
}

const NUMBERS = [
  "storedAt",
  "generatedAt",
  "freshUntil",
  "staleUntil",
  "staleIfErrorUntil",
  "revalidatableUntil",
  "fetchMs",
  "unchangedCount",
  "purgeSeq",
] as const;

function isEntry(rest: Readonly<Record<string, unknown>>): rest is Record<string, unknown> & Omit<StoredResponse, "body"> {
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
