// Which answers are worth a write to the shared level: there a write costs ten times a read, and half of all keys are asked for once.
import { type StoredResponse, storedUntil } from "../stored-response.ts";
import { RecentKeys } from "./recent-keys.ts";

export interface L2AdmissionRules {
  readonly minLifeMs: number; // written are entries that live so long at least
  readonly maxBytes: number; // and are no larger
  readonly secondMissWithinMs: number; // and that are missed a second time within so long; 0 writes on the first miss
}

export const DEFAULT_L2_ADMISSION: L2AdmissionRules = { minLifeMs: 60_000, maxBytes: 1_048_576, secondMissWithinMs: 600_000 };

export type SkippedWrite =
  | "first_miss" // asked for once
  | "short_life"
  | "too_large"
  | "too_soon"; // after the last write

const REMEMBERED = 10_000; // keys missed
const LEAST_MS = 1_000; // KV refuses more than one write a second and key

/** Of one isolate. What it forgets costs a write or spares one. */
export class L2Admission {
  readonly #rules: L2AdmissionRules;
  readonly #wanted = new RecentKeys(REMEMBERED);
  readonly #written = new RecentKeys(2 * REMEMBERED); // twice each

  constructor(rules: L2AdmissionRules) {
    this.#rules = rules;
  }

  /** It was found in the shared level: then it is written anew when it is refreshed. */
  recordHit(key: string, now: number): void {
    this.#wanted.remember(key, now);
  }

  /** @returns why it is not to be written; undefined where it is, and then it counts as written */
  admit(key: string, entry: StoredResponse, now: number): SkippedWrite | undefined {
    const { minLifeMs, maxBytes, secondMissWithinMs } = this.#rules;
    if (storedUntil(entry) - now < minLifeMs) return "short_life";
    if (entry.body.byteLength > maxBytes) return "too_large";
    const isWanted = now - this.#wanted.seenAt(key) < secondMissWithinMs;
    this.#wanted.remember(key, now);
    if (!isWanted && secondMissWithinMs > 0) return "first_miss";
    if (this.#written.seenAt(key) >= entry.storedAt) return "too_soon"; // it stands there
    const everyMs = Math.max(LEAST_MS, (entry.freshUntil - entry.storedAt) / 2);
    const sinceLastPurge = `${entry.purgeSeq} ${key}`; // what was written before may have been purged
    if (now - this.#written.seenAt(sinceLastPurge) < everyMs || now - this.#written.seenAt(key) < LEAST_MS) return "too_soon";
    this.#written.remember(key, now);
    this.#written.remember(sinceLastPurge, now);
    return undefined;
  }
}
