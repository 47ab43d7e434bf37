// Adaptive client throttling: where an upstream turns away more than half of what it gets, part of the calls are not sent at all.
// Refusing costs an overloaded upstream work, too; this way it gets about as many calls again as it can serve.
import type { Rank } from "./criticality.ts";

export interface ThrottleSettings {
  readonly factor: number; // calls sent for each one accepted: below 2, fewer are sent in vain, and recovery is seen later
  readonly minCalls: number; // in the window, before anything is refused
}

const RANKS = 4;
const SLICES = 10;
const SLICE_MS = 1_000; // ten seconds in all: two minutes, as the book has it, take as long to unlearn
const MOST = 0.9; // that is refused, so that somebody asks on
const FORGIVEN_AFTER = 10; // accepted in a row: of an upstream that takes less than half, one such row in a thousand is chance

/** Counts for each level apart: who sheds, sheds the least one first. @see Beyer et al. 2016, Site Reliability Engineering, chapter 21 */
export class Throttle {
  readonly #settings: ThrottleSettings;
  readonly #cells = new Float64Array(2 * RANKS * SLICES); // calls and accepted ones of each rank, slice by slice
  readonly #sums = new Float64Array(2 * RANKS);
  readonly #inARow = new Uint8Array(RANKS); // accepted, since the last one that was not
  #slice = 0;

  constructor(settings: ThrottleSettings) {
    this.#settings = settings;
  }

  /**
   * Whether not to send a call; one that is not sent counts as not accepted.
   *
   * @param now  epoch ms
   * @param roll a number in [0, 1)
   */
  refuses(rank: Rank, now: number, roll: number): boolean {
    this.#turn(now);
    const calls = this.#sums[2 * rank]!;
    const accepted = this.#sums[2 * rank + 1]!;
    const { factor, minCalls } = this.#settings;
    const share = Math.min(MOST, (calls - factor * accepted) / (calls + 1)); // none where enough is accepted
    if (calls < minCalls || roll >= share) return false;
    this.#count(rank, false);
    return true;
  }

  /** What became of a call that was sent. @param isAccepted false where it was turned away, or never answered */
  record(rank: Rank, isAccepted: boolean, now: number): void {
    this.#turn(now);
    this.#count(rank, isAccepted);
    this.#inARow[rank] = isAccepted ? Math.min(FORGIVEN_AFTER, this.#inARow[rank]! + 1) : 0;
    const isHeldBack = this.#sums[2 * rank]! > this.#settings.factor * this.#sums[2 * rank + 1]!;
    if (isHeldBack && this.#inARow[rank] === FORGIVEN_AFTER) this.#forget(rank);
  }

  /** It is well again: what was turned away before, and not sent since, would be held against it for long. */
  #forget(rank: Rank): void {
    for (let slice = 0; slice < SLICES; slice++) this.#cells.fill(0, 2 * (RANKS * slice + rank), 2 * (RANKS * slice + rank) + 2);
    this.#sums.fill(0, 2 * rank, 2 * rank + 2);
  }

  #count(rank: Rank, isAccepted: boolean): void {
    const at = 2 * (RANKS * (this.#slice % SLICES) + rank);
    this.#cells[at]! += 1;
    this.#sums[2 * rank]! += 1;
    if (!isAccepted) return;
    this.#cells[at + 1]! += 1;
    this.#sums[2 * rank + 1]! += 1;
  }

  /** A clock that steps back stays in its slice. */
  #turn(now: number): void {
    const slice = Math.floor(now / SLICE_MS);
    if (slice <= this.#slice) return;
    const first = Math.max(this.#slice + 1, slice - SLICES + 1);
    for (let one = first; one <= slice; one++) {
      const from = 2 * RANKS * (one % SLICES);
      for (let cell = 0; cell < 2 * RANKS; cell++) {
        this.#sums[cell]! -= this.#cells[from + cell]!;
        this.#cells[from + cell] = 0;
      }
    }
    this.#slice = slice;
  }
}
