// Cached reads: which calls read and write Workers KV, by the real stores and the real rule of admission.
import { DEFAULT_L2_ADMISSION, L2Admission } from "../../../core/cache/store/l2-admission.ts";
import { Lru } from "../../../core/cache/store/lru.ts";
import type { StoredResponse } from "../../../core/cache/stored-response.ts";
import { storedResponse } from "../../support/stored-response.ts";
import { randomStream } from "../simulation.ts";
import { noOperations, type Operations } from "./prices.ts";

const KEYS = 10_000; // demand by Zipf's law
const ISOLATES = 10;
const LIFE_MS = 300_000; // the default of `ttlMs`
const CALLS_PER_SECOND = 100;
const SECONDS = 3_600;

export const CACHED_ABOUT = `${CALLS_PER_SECOND} GETs a second of ${KEYS.toLocaleString("en")} keys by Zipf's law, ${ISOLATES} isolates, lifetime ${LIFE_MS / 1_000} s, level kv, an hour`;

interface Cached {
  readonly stored: StoredResponse;
  isOffered: boolean; // the shared level was offered it with its first hit
}

export function runCached(seed: number): Operations & { readonly hits: number } {
  const random = randomStream(seed);
  const operations = noOperations();
  const isolates = Array.from({ length: ISOLATES }, () => ({
    store: new Lru<Cached>({ maxEntries: 10_000, maxBytes: 16_777_216 }),
    admission: new L2Admission(DEFAULT_L2_ADMISSION),
  }));
  const shared = new Map<string, StoredResponse>();
  const pick = zipf(KEYS);
  let hits = 0;
  const offer = ({ admission }: (typeof isolates)[number], key: string, stored: StoredResponse, now: number): void => {
    if (admission.admit(key, stored, now) !== "admitted") return;
    operations.kvWrites += 1;
    shared.set(key, stored);
  };
  for (let call = 0; call < SECONDS * CALLS_PER_SECOND; call++) {
    const now = (call * 1_000) / CALLS_PER_SECOND;
    const isolate = isolates[Math.floor(random() * ISOLATES)]!;
    const key = `key-${pick(random())}`;
    const cached = isolate.store.get(key, now);
    if (cached !== undefined && cached.stored.freshUntil > now) {
      hits += 1;
      if (!cached.isOffered) offer(isolate, key, cached.stored, now);
      cached.isOffered = true;
      continue;
    }
    operations.kvReads += 1;
    const found = shared.get(key);
    const isFound = found !== undefined && found.freshUntil > now;
    if (isFound) isolate.admission.recordHit(key, now);
    const stored = isFound ? found : { ...storedResponse("x".repeat(1_000), now), freshUntil: now + LIFE_MS };
    isolate.store.set(key, { stored, isOffered: isFound }, 1_500, stored.freshUntil, now);
    if (!isFound) offer(isolate, key, stored, now);
  }
  return { ...operations, calls: SECONDS * CALLS_PER_SECOND, hits };
}

/** @returns ranks in [0, count) by Zipf's law, from numbers in [0, 1) */
function zipf(count: number): (random: number) => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) sums[rank] = sum += 1 / (rank + 1);
  return (random) => {
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! <= random * sum) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
