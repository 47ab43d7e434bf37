// The boot marker of a Durable Object: what a restart has to know of all of its buckets that have no row. When its times have come, none of them
// lends anything and none is below its least credit (`rowlessCredit`). A restart before that, or soon after, starts them from there.

/** Plain data: fit for storage. */
export interface StoredMarker {
  readonly until: number; // epoch ms; no bucket lends anything afterwards
  readonly owedUntil?: number; // epoch ms; no bucket is in debt afterwards; absent where an older version wrote the marker: then `until`
}

const SLACK_MS = 5_000; // the marker is written ahead by this time, so that a Durable Object with steady calls writes it every 5 s
const BUSY_SLACK_MS = 1_000; // the same after many messages: then a restart lends nothing for less time
const BUSY_CHANGES = 100; // changes between two writes
const QUIET_MS = 5_000; // after a longer time without a change the marker is exact: the next change has to write it anyway

export class BootMarker {
  readonly #previous: StoredMarker; // the last run has left it
  readonly #startedAt: number;
  readonly #write: (marker: StoredMarker) => void;
  #until: number;
  #owedUntil: number;
  #changedAt = Number.NEGATIVE_INFINITY; // epoch ms
  #changes = 0; // since the last write

  /** @param stored undefined if there was no run before @param startedAt epoch ms; leases have been granted before */
  constructor(stored: StoredMarker | undefined, startedAt: number, write: (marker: StoredMarker) => void) {
    this.#previous = stored ?? { until: Number.NEGATIVE_INFINITY };
    this.#startedAt = startedAt;
    this.#write = write;
    this.#until = this.#previous.until;
    this.#owedUntil = this.#previous.owedUntil ?? this.#previous.until;
  }

  /** The stored time from which no bucket lends anything, epoch ms. */
  get until(): number {
    return this.#until;
  }

  /**
   * When no bucket of the last run lends anything any more, and none is below its least credit, epoch ms; -Infinity if there was no run. The
   * marker is written ahead, but what was granted before this run has ended one lease after its start, whatever the marker says.
   *
   * @param leaseMs the longest lease of the bucket, and the guard, ms; 0 for a bucket that lends nothing
   */
  previousEnd(leaseMs: number): number {
    const { until, owedUntil = until } = this.#previous;
    return Math.max(owedUntil, Math.min(until, this.#startedAt + leaseMs));
  }

  /**
   * Has to be called for each change of a bucket without a row. Stores a later time, if the marker is before it.
   *
   * @param at     epoch ms; the bucket lends something, or is below its least credit, until then
   * @param isOwed whether it is below its least credit until then
   * @throws what the storage throws; the marker has not changed then
   */
  cover(at: number, now: number, isOwed = false): void {
    const isQuiet = now - this.#changedAt > QUIET_MS;
    this.#changedAt = now;
    this.#changes += 1;
    if (at <= (isOwed ? this.#owedUntil : this.#until)) return;
    const slack = isQuiet ? 0 : this.#changes > BUSY_CHANGES ? BUSY_SLACK_MS : SLACK_MS;
    const later = Math.max(at, now) + slack;
    const [until, owedUntil] = [Math.max(this.#until, later), isOwed ? later : this.#owedUntil];
    this.#write({ until, owedUntil });
    this.#until = until;
    this.#owedUntil = owedUntil;
    this.#changes = 0;
  }
}
