// Which calls get a share: the same ones for the same key, by a hash, without a memory of keys.
import { hash32 } from "../hash.ts";

/** @param percent in [0, 100], to hundredths @param use separates shares of different purposes: equal keys fall apart between them */
export function isInShare(use: string, key: string, percent: number): boolean {
  return hash32(`${use}/${key}`) % 10_000 < percent * 100;
}
