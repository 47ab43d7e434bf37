// The log of purges: what was purged and when, in an order that all isolates share. Bounded in number and in age.
import type { Purge, PurgeDelta, PurgeMode, PurgeTarget } from "./purges.ts";

/** Plain data. */
export interface PurgeLogState {
  readonly seq: number; // of the latest purge; 0 where there was none
  readonly softFloor: number;
  readonly hardFloor: number;
  readonly epoch: number;
  readonly purges: readonly Purge[]; // by seq; of each kind, value and mode the latest
}

export interface PurgeLogBounds {
  readonly maxPurges: number; // listed
  readonly keepMs: number; // how long a purge is listed; what was fetched before a purge that is not counts as hit by it
}

export const EMPTY_PURGE_LOG: PurgeLogState = { seq: 0, softFloor: 0, hardFloor: 0, epoch: 0, purges: [] };
export const PURGE_LOG_BOUNDS: PurgeLogBounds = { maxPurges: 5_000, keepMs: 7 * 86_400_000 };
export const MAX_PURGE_TARGETS = 100; // of one call
export const MAX_TAG_CHARACTERS = 256; // of a route, too
export const MAX_KEY_CHARACTERS = 1_024;

/**
 * Writes purges down, one seq each. Sequence numbers follow the clock, so that a log that was lost goes on above what isolates know.
 * Purges that are too old or too many leave the list, oldest first, and raise a floor instead:
 * what was fetched before them counts as hit. That loses answers, and never serves one that was purged.
 *
 * @param known the seq that the asking isolate knows: the first new one is above it, too
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
  const named = new Map(log.purges.map((purge) => [nameOf(purge), purge]));
  const raise = (floor: PurgeMode, to: number): void => {
    if (floor === "soft") softFloor = Math.max(softFloor, to);
    else hardFloor = Math.max(hardFloor, to);
  };
  for (const target of targets) {
    seq = Math.max(seq + 1, known + 1, now);
    if (target.kind === "all") {
      raise(mode, seq);
      if (mode === "hard") epoch = seq;
      continue;
    }
    const purge = { kind: target.kind, value: target.value, mode, seq };
    named.delete(nameOf(purge)); // to its end, where the latest are
    named.set(nameOf(purge), purge);
  }
  const list = [...named.values()];
  const spare = Math.max(0, list.length - bounds.maxPurges);
  const purges = list.filter((purge, index) => {
    const isKept = index >= spare && purge.seq > now - bounds.keepMs;
    if (!isKept) raise(purge.mode, purge.seq);
    return isKept;
  });
  const isCovered = (purge: Purge) => purge.seq <= (purge.mode === "hard" ? hardFloor : Math.max(softFloor, hardFloor));
  return { seq, softFloor, hardFloor, epoch, purges: purges.filter((purge) => !isCovered(purge)) };
}

/** @param known the latest seq that the isolate knows; 0 for none */
export function purgesSince({ purges, ...log }: PurgeLogState, known: number): PurgeDelta {
  if (known >= log.seq) return { kind: "same", seq: log.seq };
  return { kind: "purged", ...log, purges: purges.filter(({ seq }) => seq > known) };
}

/** @returns what is wrong with a target, none where nothing is */
export function purgeTargetProblem({ kind, value }: PurgeTarget): string | undefined {
  const most = kind === "key" ? MAX_KEY_CHARACTERS : MAX_TAG_CHARACTERS;
  if (kind === "all") return undefined;
  if (value.length === 0 || value.length > most) return `${kind}: write 1 to ${most} characters`;
  return undefined;
}

function nameOf({ kind, value, mode }: Purge): string {
  return `${mode} ${kind} ${value}`;
}
