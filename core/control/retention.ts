// Which versions stay stored: the latest ones, and those that may be needed at once.
import type { Version, VersionHistory } from "./version.ts";

export const MAX_VERSIONS = 50;
/** All snapshots that are stored. One that several versions share counts once. */
export const MAX_HISTORY_BYTES = 134_217_728;

/**
 * Drops the oldest versions above the bounds. The live one, the canary and the one before the live one always stay.
 *
 * Rollbacks end above a version that was dropped: what was live before it is not known to be good after what came in between.
 */
export function retained(history: VersionHistory): VersionHistory {
  const { versions, lives, canary } = history;
  const needed = new Set([...lives.slice(-2), ...(canary === undefined ? [] : [canary.version])]);
  let kept = versions;
  while (kept.length > MAX_VERSIONS || storedBytes(kept) > MAX_HISTORY_BYTES) {
    const oldest = kept.find(({ version }) => !needed.has(version));
    if (oldest === undefined) break;
    kept = kept.filter((version) => version !== oldest);
  }
  const stored = new Set(kept.map(({ version }) => version));
  const cut = lives.findLastIndex((version) => !stored.has(version)) + 1;
  const isCut = history.isCut || cut > 0 || lives.length > MAX_VERSIONS;
  return { ...history, versions: kept, lives: lives.slice(cut).slice(-MAX_VERSIONS), isCut };
}

function storedBytes(versions: readonly Version[]): number {
  const bytes = new Map(versions.map((version) => [version.digest, version.bytes]));
  let sum = 0;
  for (const size of bytes.values()) sum += size;
  return sum;
}
