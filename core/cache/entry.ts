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
