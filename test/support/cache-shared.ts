// Isolates with one shared level, in virtual time: its writes, and the fetches from the upstream.

import { L2Admission, type L2AdmissionRules } from "../../core/cache/store/l2-admission.ts";
import { Lru } from "../../core/cache/store/lru.ts";
import type { StoredResponse } from "../../core/cache/stored-response.ts";
import { seeded, type Trace } from "./cache-traces.ts";

export const ISOLATES = 4;
export const ENTRIES = 10_000; // entries per isolate
export const LIFE_MS = 300_000;
export const PER_SECOND = 500; // requests at all isolates

export interface Written {
  readonly writes: number; // per 1,000 requests
  readonly fetches: number;
}

export function sharedWrites({ keys, requests }: Trace, rules: L2AdmissionRules): Written {
  const isolates = Array.from({ length: ISOLATES }, () => ({
    store: new Lru<{ readonly entry: StoredResponse; isOffered: boolean }>({ maxEntries: ENTRIES, maxBytes: Number.MAX_SAFE_INTEGER }),
    admission: new L2Admission(rules),
  }));
  const shared = new Map<string, StoredResponse>();
  const random = seeded(5);
  let [written, fetched] = [0, 0];
  for (const [index, number] of requests.entries()) {
    const now = 1_000_000 + (index * 1_000) / PER_SECOND;
    const key = keys[number]!;
    const { store, admission } = isolates[Math.floor(random() * ISOLATES)]!;
    const offer = (entry: StoredResponse): boolean => {
      if (admission.admit(key, entry, now) !== "admitted") return false;
      written += 1;
      shared.set(key, entry);
      return true;
    };
    const cached = store.get(key, now);
    if (cached !== undefined) {
      if (!cached.isOffered) offer(cached.entry); // the first hit is the second request
      cached.isOffered = true;
      continue;
    }
    const fromShared = shared.get(key);
    if (fromShared !== undefined && fromShared.freshUntil > now) {
      admission.recordHit(key, now);
      store.set(key, { entry: fromShared, isOffered: true }, 1_000, fromShared.freshUntil, now);
      continue;
    }
    fetched += 1;
    const times = { storedAt: now, freshUntil: now + LIFE_MS, staleUntil: 0, staleIfErrorUntil: 0 };
    const entry = { ...times, body: new Uint8Array(0) } as Partial<StoredResponse> as StoredResponse;
    store.set(key, { entry, isOffered: offer(entry) }, 1_000, entry.freshUntil, now);
  }
  return { writes: (1_000 * written) / requests.length, fetches: (1_000 * fetched) / requests.length };
}

/** Share of the keys that are requested once, %. */
export function oncePercent({ requests }: Trace): number {
  const counts = new Map<number, number>();
  for (const number of requests) counts.set(number, (counts.get(number) ?? 0) + 1);
  return (100 * [...counts.values()].filter((count) => count === 1).length) / counts.size;
}
