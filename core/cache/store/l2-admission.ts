// L2 admission: which responses are worth a write to the shared level.
// A write costs ten times a read there, and half of all keys are requested once.
import { type StoredResponse, storedUntil } from "../stored-response.ts";
import { RecentKeys } from "./recent-keys.ts";

export interface L2AdmissionRules {
  readonly minLifeMs: number; // remaining time in the store that makes a response worth a write
  readonly maxBytes: number; // largest body that is written
  readonly secondMissWithinMs: number; // time within which a key has to be missed twice; 0 writes on the first miss
}

export const DEFAULT_L2_ADMISSION: L2AdmissionRules = { minLifeMs: 60_000, maxBytes: 1_048_576, secondMissWithinMs: 600_000 };

/** Why a response is not written. */
export type SkippedWrite =
  | "first_miss" // the key was requested once so far
  | "short_life"
  | "too_large"
  | "too_soon"; // after the previous write

export type AdmissionDecision = "admitted" | SkippedWrite;

const REMEMBERED_KEYS = 10_000;
const MIN_INTERVAL_MS = 1_000; // KV accepts one write per second and key: developers.cloudflare.com/kv/platform/limits

/** The admission of one isolate. Forgetting a key costs one write too many or too few. */
export class L2Admission {
  readonly #rules: L2AdmissionRules;
  readonly #requested = new RecentKeys(REMEMBERED_KEYS);
  readonly #written = new RecentKeys(2 * REMEMBERED_KEYS); // two marks per key

  constructor(rules: L2AdmissionRules) {
    this.#rules = rules;
  }

  /** Records that the shared level has the key: then its next refresh is written, too. */
  recordHit(key: string, now: number): void {
    this.#requested.remember(key, now);
  }

  /** Decides on a write. An admitted response counts as written. */
  admit(key: string, stored: StoredResponse, now: number): AdmissionDecision {
    const { minLifeMs, maxBytes, secondMissWithinMs } = this.#rules;
    if (storedUntil(stored) - now < minLifeMs) return "short_life";
    if (stored.body.byteLength > maxBytes) return "too_large";
    const wasRequested = now - this.#requested.seenAt(key) < secondMissWithinMs;
    this.#requested.remember(key, now);
    if (!wasRequested && secondMissWithinMs > 0) return "first_miss";
    if (this.#written.seenAt(key) >= stored.storedAt) return "too_soon"; // this response was written already
    const intervalMs = Math.max(MIN_INTERVAL_MS, (stored.freshUntil - stored.storedAt) / 2);
    const keySincePurge = `${stored.purgeSeq} ${key}`; // a purge since the previous write may cover what was written then
    if (now - this.#written.seenAt(keySincePurge) < intervalMs || now - this.#written.seenAt(key) < MIN_INTERVAL_MS) return "too_soon";
    this.#written.remember(key, now);
    this.#written.remember(keySincePurge, now);
    return "admitted";
  }
}
