// The sequence of changed keys: revoked, rolled and updated ones, in an order that all isolates share. Whoever has read a key before one of
// its changes reads it again. The Durable Object, the relays and the isolates hold it in the same form, bounded in number.

/** A key was changed. */
export interface KeyChange {
  readonly id: string;
  readonly seq: number; // epoch ms of the change, or the previous seq + 1 where that is larger
}

/** Plain data. */
export interface KeyLog {
  readonly seq: number; // latest change; 0 where there was none
  readonly floor: number; // changes up to here are not listed
  readonly changes: readonly KeyChange[]; // ordered by seq; the latest one of each key
}

/** What a log holds that a copy does not know yet. Plain data: can be sent over RPC. */
export type KeyDelta =
  | { readonly kind: "same"; readonly seq: number }
  | { readonly kind: "changed"; readonly seq: number; readonly changes: readonly KeyChange[] }
  /** Changes between the copy and `floor` are not listed: any key may have changed. */
  | { readonly kind: "reset"; readonly seq: number; readonly floor: number; readonly changes: readonly KeyChange[] };

export const EMPTY_KEY_LOG: KeyLog = { seq: 0, floor: 0, changes: [] };
export const MAX_KEY_CHANGES = 1_000; // listed one by one, up to 60 bytes each

/** Appends changes, each with a seq of its own. Numbers follow the clock: a log that lost its state continues above what copies know. */
export function appendChanges(log: KeyLog, ids: readonly string[], now: number, maxChanges = MAX_KEY_CHANGES): KeyLog {
  let { seq } = log;
  const added = ids.map((id): KeyChange => {
    seq = Math.max(seq + 1, now);
    return { id, seq };
  });
  return bounded(seq, log.floor, [...log.changes, ...added], maxChanges);
}

/** @param known latest seq of the copy; 0 for a copy that knows nothing */
export function changesSince({ seq, floor, changes }: KeyLog, known: number): KeyDelta {
  if (known >= seq) return { kind: "same", seq };
  if (known < floor) return { kind: "reset", seq, floor, changes };
  return { kind: "changed", seq, changes: changes.filter((change) => change.seq > known) };
}

/** For a copy without any keys: what has changed before is of no use to it. */
export function latestOnly({ seq }: KeyLog): KeyDelta {
  return { kind: "reset", seq, floor: seq, changes: [] };
}

/**
 * A copy of the log after a delta of it. Deltas may arrive in any order and more than once.
 *
 * @returns `isComplete`: false where any key may have changed without being listed
 */
export function withKeyDelta(
  copy: KeyLog,
  delta: KeyDelta,
  maxChanges = MAX_KEY_CHANGES,
): { readonly log: KeyLog; readonly isComplete: boolean } {
  if (delta.kind === "same" || delta.seq <= copy.seq) return { log: copy, isComplete: true };
  // The copy may have learned more since it was sent what it knew.
  const isComplete = delta.kind === "changed" || delta.floor <= copy.seq;
  if (!isComplete) return { log: bounded(delta.seq, delta.floor, delta.changes, maxChanges), isComplete };
  const added = delta.changes.filter(({ seq }) => seq > copy.seq);
  return { log: bounded(delta.seq, copy.floor, [...copy.changes, ...added], maxChanges), isComplete };
}

/** Whether a key that was read when the log was at `seq` may have changed since. */
export function hasChangedSince({ floor, changes }: KeyLog, id: string, seq: number): boolean {
  return seq < floor || changes.some((change) => change.id === id && change.seq > seq);
}

/** @param changes by seq */
function bounded(seq: number, floor: number, changes: readonly KeyChange[], maxChanges: number): KeyLog {
  const latest = new Map<string, KeyChange>();
  for (const change of changes) {
    latest.delete(change.id); // the map keeps the order of insertion, which has to be that of seq
    latest.set(change.id, change);
  }
  const listed = [...latest.values()];
  const dropped = listed.slice(0, Math.max(0, listed.length - maxChanges));
  return { seq, floor: dropped.at(-1)?.seq ?? floor, changes: listed.slice(dropped.length) };
}
