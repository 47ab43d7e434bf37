// Adaptive client throttling: where an upstream refuses more than half of the calls, part of them are not sent at all.
// Refusing costs an overloaded upstream work, too. This way it gets about twice as many calls as it accepts.
import type { Rank } from "./criticality.ts";

export interface ThrottleSettings {
  readonly factor: number; // calls sent for each one accepted; below 2, fewer are sent in vain, and recovery is noticed later
  readonly minCalls: number; // in the window, before any call is held back
}

const RANKS = 4;
const SLICES = 10;
const SLICE_MS = 1_000; // ten slices make the window: the two minutes of the book would take as long to forget
const MAX_SHARE = 0.9; // largest share of the calls that is held back: the others notice a recovery
const RECOVERED_AFTER = 10; // calls accepted in a row; an upstream that accepts less than half has a chance below 1 in 1,000 of such a row

/** Counts each rank by itself, because an upstream that sheds refuses the lowest first. @see Beyer et al. 2016, Site Reliability Engineering, chapter 21 */
export class Throttle {
  readonly #settings: ThrottleSettings;
  readonly #cells = new Float64Array(2 * RANKS * SLICES); // calls and accepted calls, by slice and rank
  readonly #sums = new Float64Array(2 * RANKS); // calls and accepted calls in all slices, by rank
  readonly #acceptedInARow = new Uint8Array(RANKS);
  #slice = 0; // number of the current slice since the epoch

  constructor(settings: ThrottleSettings) {
    this.#settings = settings;
  }

  /**
   * Whether to hold a call back. One that is held back counts as not accepted.
   *
   * @param now    epoch ms
   * @param random a number in [0, 1)
   * @param isSent the call is sent in any case: its outcome counts, and nothing is counted here
   */
  refuses(rank: Rank, now: number, random: number, isSent = false): boolean {
    this.#advance(now);
    const calls = this.#sums[2 * rank]!;
    const accepted = this.#sums[2 * rank + 1]!;
    const { factor, minCalls } = this.#settings;
    const share = Math.min(MAX_SHARE, (calls - factor * accepted) / (calls + 1)); // at most 0 where enough calls are accepted
    if (calls < minCalls || random >= share) return false;
    if (!isSent) this.#count(rank, false);
    return true;
  }

  /** Counts a call that was sent. @param isAccepted false where the upstream refused it, or did not respond */
  record(rank: Rank, isAccepted: boolean, now: number): void {
    this.#advance(now);
    this.#count(rank, isAccepted);
    this.#acceptedInARow[rank] = isAccepted ? Math.min(RECOVERED_AFTER, this.#acceptedInARow[rank]! + 1) : 0;
    const holdsBack = this.#sums[2 * rank]! > this.#settings.factor * this.#sums[2 * rank + 1]!;
    if (holdsBack && this.#acceptedInARow[rank] === RECOVERED_AFTER) this.#forget(rank);
  }

  /** The upstream has recovered: earlier refusals, and calls not sent since, would count against it until the window has passed. */
  #forget(rank: Rank): void {
    for (let slice = 0; slice < SLICES; slice++) this.#cells.fill(0, 2 * (RANKS * slice + rank), 2 * (RANKS * slice + rank) + 2);
    this.#sums.fill(0, 2 * rank, 2 * rank + 2);
  }

  #count(rank: Rank, isAccepted: boolean): void {
    const cell = 2 * (RANKS * (this.#slice % SLICES) + rank);
    this.#cells[cell]! += 1;
    this.#sums[2 * rank]! += 1;
    if (!isAccepted) return;
    this.#cells[cell + 1]! += 1;
    this.#sums[2 * rank + 1]! += 1;
  }

  /** Empties the slices that have passed. Where the clock steps back, calls count in the current slice. */
  #advance(now: number): void {
    const current = Math.floor(now / SLICE_MS);
    if (current <= this.#slice) return;
    const first = Math.max(this.#slice + 1, current - SLICES + 1);
    for (let slice = first; slice <= current; slice++) {
      const from = 2 * RANKS * (slice % SLICES);
      for (let cell = 0; cell < 2 * RANKS; cell++) {
        this.#sums[cell]! -= this.#cells[from + cell]!;
        this.#cells[from + cell] = 0;
      }
    }
    this.#slice = current;
  }
}
