// A cached answer. Plain data but for its body: fit for any isolate, and for KV.

export interface Entry {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array<ArrayBuffer>;
  readonly storedAt: number; // epoch ms, as the other times
  readonly freshUntil: number;
  readonly staleUntil: number; // served while it is refreshed (stale-while-revalidate)
  readonly errorUntil: number; // served where the upstream fails (stale-if-error); the end of its life where it is the latest
  readonly tags: readonly string[];
  readonly route: string;
  readonly seq: number; // the purge known when its fetch started
}

/** When nothing may serve it any more: epoch ms. */
export function keptUntil({ freshUntil, staleUntil, errorUntil }: Entry): number {
  return Math.max(freshUntil, staleUntil, errorUntil);
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
