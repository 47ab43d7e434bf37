// The log of purges, in an order that all isolates share. Bounded in number and in age.
import type { Purge, PurgeDelta, PurgeMode, PurgeTarget } from "./purges.ts";

/** Plain data. */
export interface PurgeLogState {
  readonly seq: number; // latest purge; 0 where there was none
  readonly softFloor: number; // see NewPurges
  readonly hardFloor: number;
  readonly epoch: number;
  readonly purges: readonly Purge[]; // ordered by seq; the latest one of each kind, value and mode
}

export interface PurgeLogBounds {
  readonly maxPurges: number; // listed one by one
  readonly keepMs: number; // time for which a purge is listed
}

export const EMPTY_PURGE_LOG: PurgeLogState = { seq: 0, softFloor: 0, hardFloor: 0, epoch: 0, purges: [] };
export const PURGE_LOG_BOUNDS: PurgeLogBounds = { maxPurges: 5_000, keepMs: 7 * 86_400_000 };
export const MAX_PURGE_TARGETS = 100; // targets of one call
export const MAX_TAG_CHARACTERS = 256; // also the limit of a route name
export const MAX_KEY_CHARACTERS = 1_024;

/**
 * Appends purges, each with a seq of its own. Sequence numbers follow the clock: a log that lost its state continues above what isolates
 * know.
 * Purges that are too old or too many leave the list, oldest first, and raise a floor instead: responses fetched before the floor count
 * as covered. That revalidates more responses than needed, and never serves a purged one.
 *
 * @param known latest seq that the calling isolate knows: the new ones are above it
 * @param now   epoch ms
 */
export function appendPurges(
  log: PurgeLogState,
  targets: readonly PurgeTarget[],
  mode: PurgeMode,
  known: number,
  now: number,
  bounds = PURGE_LOG_BOUNDS,
): PurgeLogState {
  let { seq, softFloor, hardFloor, epoch } = log;
  const listed = new Map(log.purges.map((purge) => [nameOf(purge), purge]));
  const raiseFloor = (floor: PurgeMode, to: number): void => {
    if (floor === "soft") softFloor = Math.max(softFloor, to);
    else hardFloor = Math.max(hardFloor, to);
  };
  for (const target of targets) {
    seq = Math.max(seq + 1, known + 1, now);
    if (target.kind === "all") {
      raiseFloor(mode, seq);
      if (mode === "hard") epoch = seq;
      continue;
    }
    const purge = { kind: target.kind, value: target.value, mode, seq };
    listed.delete(nameOf(purge)); // the map keeps the order of insertion, which has to be that of seq
    listed.set(nameOf(purge), purge);
  }
  const ordered = [...listed.values()];
  const excess = Math.max(0, ordered.length - bounds.maxPurges);
  const remaining = ordered.filter((purge, index) => {
    const staysListed = index >= excess && purge.seq > now - bounds.keepMs;
    if (!staysListed) raiseFloor(purge.mode, purge.seq);
    return staysListed;
  });
  const isBelowFloor = (purge: Purge) => purge.seq <= (purge.mode === "hard" ? hardFloor : Math.max(softFloor, hardFloor));
  return { seq, softFloor, hardFloor, epoch, purges: remaining.filter((purge) => !isBelowFloor(purge)) };
}

/** @param known latest seq that the isolate knows; 0 for none */
export function purgesSince({ purges, ...log }: PurgeLogState, known: number): PurgeDelta {
  if (known >= log.seq) return { kind: "same", seq: log.seq };
  return { kind: "purged", ...log, purges: purges.filter(({ seq }) => seq > known) };
}

/** A copy of the log after a delta of it. Deltas may arrive in any order and more than once. */
export function withDelta(copy: PurgeLogState, delta: PurgeDelta): PurgeLogState {
  if (delta.kind === "same") return copy;
  const seq = Math.max(copy.seq, delta.seq);
  const softFloor = Math.max(copy.softFloor, delta.softFloor);
  const hardFloor = Math.max(copy.hardFloor, delta.hardFloor);
  const epoch = Math.max(copy.epoch, delta.epoch);
  const listed = new Map<string, Purge>();
  for (const purge of [...copy.purges, ...delta.purges].sort((a, b) => a.seq - b.seq)) {
    if (purge.seq <= (purge.mode === "hard" ? hardFloor : Math.max(softFloor, hardFloor))) continue;
    listed.delete(nameOf(purge)); // the map keeps the order of insertion, which has to be that of seq
    listed.set(nameOf(purge), purge);
  }
  return { seq, softFloor, hardFloor, epoch, purges: [...listed.values()] };
}

/** @returns what is wrong with a target; undefined where it is valid */
export function purgeTargetProblem({ kind, value }: PurgeTarget): string | undefined {
  const maxCharacters = kind === "key" ? MAX_KEY_CHARACTERS : MAX_TAG_CHARACTERS;
  if (kind === "all") return undefined;
  if (value.length === 0 || value.length > maxCharacters) return `${kind}: write 1 to ${maxCharacters} characters`;
  return undefined;
}

function nameOf({ kind, value, mode }: Purge): string {
  return `${mode} ${kind} ${value}`;
}
