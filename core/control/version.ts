// Versions of the configuration, and the changes that made one of them live. Plain data: stored, and sent over RPC.
import type { Region } from "../region.ts";

/** One published snapshot. Several versions may have one digest. */
export interface Version {
  readonly version: number; // 1 for the first one; never used again
  readonly digest: string;
  readonly bytes: number; // `snapshotBytes`
  readonly author: string; // proven identity, at most MAX_AUTHOR_LENGTH characters
  readonly at: number; // epoch ms
  readonly reason: string; // 1 to MAX_REASON_LENGTH characters
}

/** Which callers a canary serves. */
export interface CanaryShare {
  readonly percent: number; // 0 to 100, share of callers in steps of 0.01
  readonly region?: Region; // beside that share, all callers of this region
}

export const CHANGE_KINDS = ["publish", "canary", "promote", "rollback", "abort"] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** What an operator has done. */
export interface PointerChange {
  readonly sequence: number;
  readonly kind: ChangeKind;
  readonly version: number; // the live one or the canary from then on; for `abort`, the former canary; 0: the bundled configuration
  readonly share?: CanaryShare; // `canary` only
  readonly author: string;
  readonly at: number; // epoch ms
  readonly reason: string;
}

/** All that is known of the versions of one gateway. */
export interface VersionHistory {
  readonly sequence: number; // grows with each change; 0 before the first one
  readonly versions: readonly Version[]; // the stored ones, ascending
  readonly lastVersion: number; // number of the latest version; 0 for none
  readonly lives: readonly number[]; // the live version last, below it those to which rollbacks return; empty: the bundled configuration
  readonly isCut: boolean; // whether `lives` once had more at its start: then the bundled configuration is not what was live before
  readonly canary: (CanaryShare & { readonly version: number }) | undefined;
  readonly changes: readonly PointerChange[]; // the latest ones, ascending
}

export const EMPTY_HISTORY: VersionHistory = {
  ...{ sequence: 0, versions: [], lastVersion: 0, lives: [], isCut: false, canary: undefined, changes: [] },
};
export const MAX_AUTHOR_LENGTH = 330; // characters: a name of 64, and an identity of 256
export const MAX_REASON_LENGTH = 500; // characters
export const BUNDLED = 0; // stands for the configuration in the bundle of each isolate

/** @returns what is wrong with a share; undefined for a valid one */
export function shareProblem({ percent, region }: CanaryShare): string | undefined {
  const isStep = Math.abs(percent * 100 - Math.round(percent * 100)) < 1e-6;
  if (!(percent >= 0 && percent <= 100 && isStep)) return `a canary of ${percent} %; write 0 to 100, in steps of 0.01`;
  return percent === 0 && region === undefined ? "a canary of nobody; write a percentage above 0, or a region" : undefined;
}

/** The share alone, out of an object that has more fields. */
export function shareOf({ percent, region }: CanaryShare): CanaryShare {
  return region === undefined ? { percent } : { percent, region };
}
