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
  readonly tags: readonly string[];
  readonly route: string;
  readonly seq: number; // the purge known when its fetch started
}

/** When nothing may serve it any more: epoch ms. */
export function keptUntil({ freshUntil, staleUntil, errorUntil, validUntil }: Entry): number {
  return Math.max(freshUntil, staleUntil, errorUntil, validUntil);
}

const OVERHEAD_BYTES = 600; // the objects around it

/** What it occupies, its key included, where strings take up to two bytes a character. */
export function bytesOf(key: string, { headers, body, tags, route }: Entry): number {
  let characters = key.length + route.length;
  for (const [name, value] of headers) characters += name.length + value.length + 24;
  for (const tag of tags) characters += tag.length + 24;
  return OVERHEAD_BYTES + body.byteLength + 2 * characters;
}
