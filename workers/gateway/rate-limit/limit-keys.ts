// The keys of limits with most calls in this isolate. The keys themselves stay here: reports have a hash of each.
import { type HashSecret, hash32, keyedHash } from "../../../core/hash.ts";
import type { HotKeyCount } from "../../../core/metrics/hot-key-count.ts";
import { HotKeys } from "../../../core/metrics/hot-keys.ts";
import { type Charge, isShared } from "./rate-limiter.ts";

const MAX_KEYS = 64;

const keys = new HotKeys(MAX_KEYS);
let secret: HashSecret | undefined; // undefined while nothing reads the keys: then they are not counted

/**
 * From now on keys are counted.
 *
 * @param secretText makes hashes that are the same in all isolates, and that nobody without it can compute: the secret of the operators
 */
export function countLimitKeys(secretText: string): void {
  secret = [hash32(secretText), hash32(`${secretText}/2`)];
}

/** A key that all callers share is none: it would always be the first one. */
export function countKey({ rule, key, isCeiling }: Charge, isRefused: boolean): void {
  if (secret === undefined || isCeiling || isShared(rule)) return;
  keys.add(rule.name, key, isRefused ? 0 : 1, isRefused ? 1 : 0);
}

/** @returns the keys since they were taken before */
export function takeLimitKeys(): readonly HotKeyCount[] {
  if (secret === undefined) return [];
  const own = secret;
  return keys.take().map((count) => ({ ...count, hash: keyedHash(count.hash, own).toString(16).padStart(16, "0") }));
}
