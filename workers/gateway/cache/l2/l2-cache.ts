// The rules of the shared level, whatever keeps it: a deadline for reads, a rest after failures, and few writes.

import { waitUntil } from "cloudflare:workers";
import { DEFAULT_L2_ADMISSION, L2Admission, type L2AdmissionRules } from "../../../../core/cache/store/l2-admission.ts";
import type { StoredResponse } from "../../../../core/cache/stored-response.ts";
import { logEvent } from "../../../log.ts";
import { decodeBlock, encodeBlock } from "./codec.ts";
import type { L2, L2Counts, L2Driver, L2Outcome, UncheckedBlock } from "./l2-driver.ts";

/** What the isolate knows of purges: `PurgeView`. */
export interface PurgeKnowledge {
  readonly purges: { readonly epoch: number };
  mayServeShared(): boolean;
}

export interface L2Settings extends L2AdmissionRules {
  readonly deadlineMs: number; // for a read
}

export const DEFAULT_L2_SETTINGS: L2Settings = { deadlineMs: 50, ...DEFAULT_L2_ADMISSION };

const NOTHING: L2Counts = {
  ...{ hit: 0, miss: 0, expired: 0, other_version: 0, corrupt: 0, slow: 0, failed: 0, rested: 0, not_ready: 0 },
  ...{ written: 0, write_failed: 0, first_miss: 0, short_life: 0, too_large: 0, too_soon: 0, purged: 0 },
};
const FAILURES = 5; // in a row
const REST_MS = 10_000;

export class L2Cache implements L2 {
  readonly #driver: L2Driver;
  readonly #settings: L2Settings;
  readonly #knowledge: PurgeKnowledge;
  readonly #counts: Record<L2Outcome, number>;
  readonly #writes: L2Admission;
  #failures = 0; // reads in a row
  #restsUntil = 0;

  constructor(driver: L2Driver, knowledge: PurgeKnowledge, settings: Partial<L2Settings> = {}) {
    this.#driver = driver;
    this.#knowledge = knowledge;
    this.#settings = { ...DEFAULT_L2_SETTINGS, ...settings };
    this.#writes = new L2Admission(this.#settings);
    this.#counts = { ...NOTHING };
  }

  get counts(): L2Counts {
    return this.#counts;
  }

  async get(key: string, now: number): Promise<StoredResponse | undefined> {
    if (now < this.#restsUntil) return this.#counted("rested");
    if (!this.#knowledge.mayServeShared()) return this.#counted("not_ready");
    const found = await this.#read(key, now);
    if (found === undefined) return undefined;
    const decoded = decodeBlock(found.buffer, found.metadata, now);
    if (decoded.kind !== "entry") return this.#counted(decoded.kind);
    this.#writes.recordHit(key, now);
    this.#counts.hit += 1;
    return decoded.entry;
  }

  put(key: string, entry: StoredResponse, now: number): void {
    const spared = this.#spare(key, entry, now);
    this.#counts[spared ?? "written"] += 1;
    if (spared === undefined) waitUntil(this.#write(key, entry, now));
  }

  #spare(key: string, entry: StoredResponse, now: number): L2Outcome | undefined {
    if (entry.purgeSeq < this.#knowledge.purges.epoch) return "purged"; // it would stand under the key of what came after the purge
    if (now < this.#restsUntil) return "rested";
    const decision = this.#writes.admit(key, entry, now);
    return decision === "admitted" ? undefined : decision;
  }

  async #read(key: string, now: number): Promise<UncheckedBlock | undefined> {
    const { deadlineMs } = this.#settings;
    const deadline = new AbortController();
    try {
      const reading = this.#idOf(key).then((id) => this.#driver.read(id));
      const late = scheduler.wait(deadlineMs, { signal: deadline.signal }).then(
        () => "late" as const,
        () => "late" as const,
      );
      reading.catch(() => undefined); // it may fail after it has been given up
      const found = await Promise.race([reading, late]);
      if (found === "late") return this.#failed("slow", now);
      this.#failures = 0;
      return found ?? this.#counted("miss");
    } catch (fault) {
      logEvent("l2_read_failed", { error: fault });
      return this.#failed("failed", now);
    } finally {
      deadline.abort();
    }
  }

  async #write(key: string, entry: StoredResponse, now: number): Promise<void> {
    try {
      const block = encodeBlock(entry);
      await this.#driver.write(await this.#idOf(key), block, now);
    } catch (fault) {
      this.#counts.written -= 1;
      this.#counts.write_failed += 1;
      logEvent("l2_write_failed", { error: fault });
    }
  }

  #failed(count: "slow" | "failed", now: number): undefined {
    this.#failures += 1;
    if (this.#failures >= FAILURES) this.#restsUntil = now + REST_MS;
    return this.#counted(count);
  }

  #counted(count: L2Outcome): undefined {
    this.#counts[count] += 1;
  }

  /** SHA-256, so that nobody can make two keys meet; an epoch before it, so that a hard purge of all leaves nothing to be found. */
  async #idOf(key: string): Promise<string> {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
    const text = btoa(String.fromCharCode(...new Uint8Array(digest)));
    return `${this.#knowledge.purges.epoch.toString(36)}.${text.replaceAll("+", "-").replaceAll("/", "_").replace("=", "")}`;
  }
}
