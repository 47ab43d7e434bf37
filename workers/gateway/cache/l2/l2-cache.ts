// The rules of the shared level for any driver: a wait for reads, a pause after failures, and few writes.
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
  /** Waits for the first knowledge of purges, for a limited time. Without it, there is nothing to wait for. */
  learn?(waitMs: number): Promise<void>;
}

/** What became of a read or of a write. */
export type L2Outcome =
  | "hit"
  | "miss"
  | "expired"
  | "other_version"
  | "corrupt"
  | "late" // not read within the wait of the call
  | "failed" // the read threw, or took longer than 2 s
  | "paused" // neither read nor written, after consecutive failures
  | "not_ready" // not read: this isolate does not know the purges yet
  | "written"
  | "write_failed"
  | "purged" // not written: purged since the fetch
  | SkippedWrite;

/** Outcomes since the isolate started. */
export type L2Counts = Readonly<Record<L2Outcome, number>>;

const ZERO_COUNTS: L2Counts = {
  ...{ hit: 0, miss: 0, expired: 0, other_version: 0, corrupt: 0, late: 0, failed: 0, paused: 0, not_ready: 0 },
  ...{ written: 0, write_failed: 0, first_miss: 0, short_life: 0, too_large: 0, too_soon: 0, purged: 0 },
};
const MAX_FAILURES = 5; // consecutive reads, until the level is paused
const PAUSE_MS = 10_000;
const HANG_MS = 2_000; // a read of KV that its location does not hold takes tens to hundreds of milliseconds; a longer one fails

export class L2Cache implements L2 {
  readonly #driver: L2Driver;
  readonly #purgeKnowledge: PurgeKnowledge;
  readonly #counts: Record<L2Outcome, number>;
  readonly #admission: L2Admission;
  #failures = 0; // consecutive reads that failed or timed out
  #pausedUntil = 0; // epoch ms

  constructor(driver: L2Driver, purgeKnowledge: PurgeKnowledge, settings: Partial<L2AdmissionRules> = {}) {
    this.#driver = driver;
    this.#purgeKnowledge = purgeKnowledge;
    this.#admission = new L2Admission({ ...DEFAULT_L2_ADMISSION, ...settings });
    this.#counts = { ...ZERO_COUNTS };
  }

  get counts(): L2Counts {
    return this.#counts;
  }

  async get(key: string, now: number, waitMs: number): Promise<StoredResponse | undefined> {
    if (now < this.#pausedUntil) return this.#count("paused");
    // A new isolate learns the purges within the time that it gives a read.
    if (!this.#purgeKnowledge.mayServeShared()) await this.#purgeKnowledge.learn?.(waitMs);
    if (!this.#purgeKnowledge.mayServeShared()) return this.#count("not_ready");
    const block = await this.#read(key, now, waitMs);
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

  /** A read that is late continues in the background: only its own end says whether the level works. */
  async #read(key: string, now: number, waitMs: number): Promise<UncheckedBlock | undefined> {
    const reading = this.#idOf(key).then((id) => this.#driver.read(id));
    try {
      const block = await within(waitMs, reading);
      if (block === "late") {
        waitUntil(this.#finishLate(reading, Math.max(0, HANG_MS - waitMs), now));
        return this.#count("late");
      }
      this.#failures = 0;
      return block ?? this.#count("miss");
    } catch (fault) {
      this.#recordFailure(fault, now);
      return undefined;
    }
  }

  async #finishLate(reading: Promise<unknown>, waitMs: number, now: number): Promise<void> {
    try {
      if ((await within(waitMs, reading)) === "late") throw new Error(`no response of the shared level within ${HANG_MS} ms`);
      this.#failures = 0;
    } catch (fault) {
      this.#recordFailure(fault, now);
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

  #recordFailure(fault: unknown, now: number): void {
    logEvent("l2_read_failed", { error: fault });
    this.#counts.failed += 1;
    this.#failures += 1;
    if (this.#failures >= MAX_FAILURES) this.#pausedUntil = now + PAUSE_MS;
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

/** @returns what the work results in, or "late" where that takes longer @throws what the work throws in time */
async function within<T>(ms: number, work: Promise<T>): Promise<T | "late"> {
  const settled = new AbortController();
  const late = (): "late" => "late";
  work.catch(() => undefined); // work that fails too late is no unhandled rejection
  try {
    return await Promise.race([work, scheduler.wait(ms, { signal: settled.signal }).then(late, late)]);
  } finally {
    settled.abort();
  }
}
