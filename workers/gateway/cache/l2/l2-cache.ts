// The rules of the shared level for any driver: a deadline for reads, a pause after failures, and few writes.
import { waitUntil } from "cloudflare:workers";
import { DEFAULT_L2_ADMISSION, L2Admission, type L2AdmissionRules, type SkippedWrite } from "../../../../core/cache/store/l2-admission.ts";
import type { StoredResponse } from "../../../../core/cache/stored-response.ts";
import { logEvent } from "../../../log.ts";
import { decodeBlock, encodeBlock } from "./codec.ts";
import type { L2, L2Driver, UncheckedBlock } from "./l2-driver.ts";

/** What the isolate knows of purges: `PurgeView`. */
export interface PurgeKnowledge {
  readonly purges: { readonly epoch: number };
  mayServeShared(): boolean;
}

/** What became of a read or of a write. */
export type L2Outcome =
  | "hit"
  | "miss"
  | "expired"
  | "other_version"
  | "corrupt"
  | "timeout" // the read took longer than the deadline
  | "failed" // the read threw
  | "paused" // neither read nor written, after consecutive failures
  | "not_ready" // not read: this isolate does not know the purges yet
  | "written"
  | "write_failed"
  | "purged" // not written: purged since the fetch
  | SkippedWrite;

/** Outcomes since the isolate started. */
export type L2Counts = Readonly<Record<L2Outcome, number>>;

export interface L2Settings extends L2AdmissionRules {
  readonly deadlineMs: number; // time that a read may take
}

export const DEFAULT_L2_SETTINGS: L2Settings = { deadlineMs: 50, ...DEFAULT_L2_ADMISSION };

const ZERO_COUNTS: L2Counts = {
  ...{ hit: 0, miss: 0, expired: 0, other_version: 0, corrupt: 0, timeout: 0, failed: 0, paused: 0, not_ready: 0 },
  ...{ written: 0, write_failed: 0, first_miss: 0, short_life: 0, too_large: 0, too_soon: 0, purged: 0 },
};
const MAX_FAILURES = 5; // consecutive reads, until the level is paused
const PAUSE_MS = 10_000;

export class L2Cache implements L2 {
  readonly #driver: L2Driver;
  readonly #settings: L2Settings;
  readonly #purgeKnowledge: PurgeKnowledge;
  readonly #counts: Record<L2Outcome, number>;
  readonly #admission: L2Admission;
  #failures = 0; // consecutive reads that failed or timed out
  #pausedUntil = 0; // epoch ms

  constructor(driver: L2Driver, purgeKnowledge: PurgeKnowledge, settings: Partial<L2Settings> = {}) {
    this.#driver = driver;
    this.#purgeKnowledge = purgeKnowledge;
    this.#settings = { ...DEFAULT_L2_SETTINGS, ...settings };
    this.#admission = new L2Admission(this.#settings);
    this.#counts = { ...ZERO_COUNTS };
  }

  get counts(): L2Counts {
    return this.#counts;
  }

  async get(key: string, now: number): Promise<StoredResponse | undefined> {
    if (now < this.#pausedUntil) return this.#count("paused");
    if (!this.#purgeKnowledge.mayServeShared()) return this.#count("not_ready");
    const block = await this.#read(key, now);
    if (block === undefined) return undefined;
    const decoded = decodeBlock(block.buffer, block.metadata, now);
    if (decoded.kind !== "response") return this.#count(decoded.kind);
    this.#admission.recordHit(key, now);
    this.#counts.hit += 1;
    return decoded.stored;
  }

  put(key: string, stored: StoredResponse, now: number): void {
    const skipped = this.#skipReason(key, stored, now);
    this.#counts[skipped ?? "written"] += 1;
    if (skipped === undefined) waitUntil(this.#write(key, stored, now));
  }

  #skipReason(key: string, stored: StoredResponse, now: number): L2Outcome | undefined {
    if (stored.purgeSeq < this.#purgeKnowledge.purges.epoch) return "purged"; // otherwise it would be found in the epoch after its purge
    if (now < this.#pausedUntil) return "paused";
    const decision = this.#admission.admit(key, stored, now);
    return decision === "admitted" ? undefined : decision;
  }

  async #read(key: string, now: number): Promise<UncheckedBlock | undefined> {
    const { deadlineMs } = this.#settings;
    const settled = new AbortController();
    try {
      const reading = this.#idOf(key).then((id) => this.#driver.read(id));
      const timeout = scheduler.wait(deadlineMs, { signal: settled.signal }).then(
        () => "timeout" as const,
        () => "timeout" as const,
      );
      reading.catch(() => undefined); // a read that fails after its deadline is no unhandled rejection
      const block = await Promise.race([reading, timeout]);
      if (block === "timeout") return this.#countFailure("timeout", now);
      this.#failures = 0;
      return block ?? this.#count("miss");
    } catch (fault) {
      logEvent("l2_read_failed", { error: fault });
      return this.#countFailure("failed", now);
    } finally {
      settled.abort();
    }
  }

  async #write(key: string, stored: StoredResponse, now: number): Promise<void> {
    try {
      const block = encodeBlock(stored);
      await this.#driver.write(await this.#idOf(key), block, now);
    } catch (fault) {
      this.#counts.written -= 1;
      this.#counts.write_failed += 1;
      logEvent("l2_write_failed", { error: fault });
    }
  }

  #countFailure(outcome: "timeout" | "failed", now: number): undefined {
    this.#failures += 1;
    if (this.#failures >= MAX_FAILURES) this.#pausedUntil = now + PAUSE_MS;
    return this.#count(outcome);
  }

  #count(outcome: L2Outcome): undefined {
    this.#counts[outcome] += 1;
  }

  /** SHA-256 of the key: no caller can construct two keys with one id. The epoch hides all blocks from before a hard purge of all. */
  async #idOf(key: string): Promise<string> {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
    const text = btoa(String.fromCharCode(...new Uint8Array(digest)));
    return `${this.#purgeKnowledge.purges.epoch.toString(36)}.${text.replaceAll("+", "-").replaceAll("/", "_").replace("=", "")}`;
  }
}
