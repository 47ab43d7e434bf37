// A response as it is stored. Plain data, apart from its body: any isolate can use it, and KV can hold it.

export interface StoredResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array<ArrayBuffer>;
  readonly storedAt: number; // epoch ms, like all times here
  readonly generatedAt: number; // when the origin generated it, as far as its Date and Age fields say; its age counts from here
  readonly freshUntil: number;
  readonly staleUntil: number; // end of the time in which it may be served while it is refreshed (stale-while-revalidate)
  readonly staleIfErrorUntil: number; // end of the time in which it may be served while the upstream fails (stale-if-error)
  readonly revalidatableUntil: number; // end of the time in which it is stored for conditional requests; 0 without a validator
  readonly fetchMs: number; // time that the fetch took
  readonly unchangedCount: number; // consecutive revalidations that found it unchanged
  readonly tags: readonly string[];
  readonly route: string;
  readonly purgeSeq: number; // latest purge that the isolate knew when the fetch started
}

/** The end of its last use, after which it may be removed: epoch ms. */
export function storedUntil({ freshUntil, staleUntil, staleIfErrorUntil, revalidatableUntil }: StoredResponse): number {
  return Math.max(freshUntil, staleUntil, staleIfErrorUntil, revalidatableUntil);
}

const BASE_BYTES = 900; // objects of a response, its buffer and its slot: test/integration/cache-memory.node.test.ts measures it
const FIELD_BYTES = 80; // objects of one header field or tag

/** Memory that a stored response occupies, its key included. Counts the whole buffer, of which the body may be a part. */
export function storedBytes(key: string, { headers, body, tags }: StoredResponse): number {
  let bytes = BASE_BYTES + key.length * 2 + body.buffer.byteLength;
  for (const [name, value] of headers) bytes += FIELD_BYTES + name.length + value.length;
  for (const tag of tags) bytes += FIELD_BYTES + tag.length;
  return bytes;
}
