// A cached answer. Plain data but for its body: fit for any isolate, and for KV.

export interface Entry {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array<ArrayBuffer>;
  readonly storedAt: number; // epoch ms, as the other times
  readonly bornAt: number; // when the upstream, or a cache before us, got it from its origin: Age counts from here
  readonly freshUntil: number;
  readonly staleUntil: number; // served while it is refreshed (stale-while-revalidate)
  readonly errorUntil: number; // served where the upstream fails (stale-if-error); the end of its life where it is the latest
  readonly validUntil: number; // kept to be validated; 0 where it has no validator
  readonly fetchMs: number; // what it took to get it
  readonly unchanged: number; // times in a row that it was asked for again and had not changed
  readonly tags: readonly string[];
  readonly route: string;
  readonly seq: number; // the purge known when its fetch started
}

/** When nothing may serve it any more: epoch ms. */
export function keptUntil({ freshUntil, staleUntil, errorUntil, validUntil }: Entry): number {
  return Math.max(freshUntil, staleUntil, errorUntil, validUntil);
}

const FIXED = 900; // bytes of an entry's objects, its buffer's among them, and its slot: measured, with something to spare
const PER_FIELD = 80; // of a header or a tag

/** What an entry occupies, key included. Counts the whole buffer, of which the body may be a part. */
export function bytesOf(key: string, { headers, body, tags }: Entry): number {
  let bytes = FIXED + key.length * 2 + body.buffer.byteLength;
  for (const [name, value] of headers) bytes += PER_FIELD + name.length + value.length;
  for (const tag of tags) bytes += PER_FIELD + tag.length;
  return bytes;
}
