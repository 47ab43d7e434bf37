// A cached answer. Plain data but for its body: fit for any isolate, and for KV.

export interface StoredResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array<ArrayBuffer>;
  readonly storedAt: number; // epoch ms, as the other times
  readonly generatedAt: number; // when the upstream, or a cache before us, got it from its origin: Age counts from here
  readonly freshUntil: number;
  readonly staleUntil: number; // served while it is refreshed (stale-while-revalidate)
  readonly staleIfErrorUntil: number; // served where the upstream fails (stale-if-error); the end of its life where it is the latest
  readonly revalidatableUntil: number; // kept to be validated; 0 where it has no validator
  readonly fetchMs: number; // what it took to get it
  readonly unchangedCount: number; // times in a row that it was asked for again and had not changed
  readonly tags: readonly string[];
  readonly route: string;
  readonly purgeSeq: number; // the purge known when its fetch started
}

/** When nothing may serve it any more: epoch ms. */
export function storedUntil({
  freshUntil,
  staleUntil,
  staleIfErrorUntil: errorUntil,
  revalidatableUntil: validUntil,
}: StoredResponse): number {
  return Math.max(freshUntil, staleUntil, errorUntil, validUntil);
}

const FIXED = 900; // bytes of an entry's objects, its buffer's among them, and its slot: measured, with something to spare
const PER_FIELD = 80; // of a header or a tag

/** What an entry occupies, key included. Counts the whole buffer, of which the body may be a part. */
export function storedBytes(key: string, { headers, body, tags }: StoredResponse): number {
  let bytes = FIXED + key.length * 2 + body.buffer.byteLength;
  for (const [name, value] of headers) bytes += PER_FIELD + name.length + value.length;
  for (const tag of tags) bytes += PER_FIELD + tag.length;
  return bytes;
}
