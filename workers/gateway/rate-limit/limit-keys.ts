// The keys of limits with most calls in this isolate. The keys themselves stay here: reports have a hash of each.
import { type HashSecret, hash32, keyedHash } from "../../../core/hash.ts";
import type { HotKeyCount } from "../../../core/metrics/hot-key-count.ts";
import { HotKeys } from "../../../core/metrics/hot-keys.ts";
import { type Charge, isShared } from "./rate-limiter.ts";

const MAX_KEYS = 64;

export class LimitKeys {
  readonly #keys = new HotKeys(MAX_KEYS);
  #secret: HashSecret | undefined; // undefined while nothing reads the keys: then they are not counted

  /**
   * From now on keys are counted.
   *
   * @param secretText makes hashes that are the same in all isolates, and that nobody without it can compute: the secret of the operators
   */
  start(secretText: string): void {
    this.#secret = [hash32(secretText), hash32(`${secretText}/2`)];
  }

  /** A key that all callers share is none: it would always be the first one. */
  count({ rule, key, isCeiling }: Charge, isRefused: boolean): void {
    if (this.#secret === undefined || isCeiling || isShared(rule)) return;
    this.#keys.add(rule.name, key, isRefused ? 0 : 1, isRefused ? 1 : 0);
  }

  /** @returns the keys since they were taken before */
  take(): readonly HotKeyCount[] {
    const secret = this.#secret;
    if (secret === undefined) return [];
    return this.#keys.take().map((count) => ({ ...count, hash: keyedHash(count.hash, secret).toString(16).padStart(16, "0") }));
  }
}

/** The keys of this isolate. */
export const limitKeys = new LimitKeys();
