// What one isolate has seen of one endpoint: calls in flight, and how long its answers take.
// In flight are leases with a deadline, no counter: a counter leaks when a caller goes away and its continuation is dropped.

import type { Rank } from "../overload/criticality.ts";
import { isShedAt } from "../overload/shed-level.ts";

/** One attempt on its way. Ended once; what is never ended counts until its deadline. */
export interface Lease {
  readonly startedAt: number; // epoch ms
  readonly deadlineAt: number; // epoch ms
  readonly cost: number; // work, where 1 is a call of the mean
}

const AVERAGED_OVER_MS = 3_000;

export class Load {
  /** Answers so far, failures too. */
  samples = 0;
  /** What the endpoint last said it would take for one call more, ms; 0 where it says nothing. */
  reportedMs = 0;
  /** What it last said of the calls it would have shed. @see ShedLevel */
  shedLevel = 0;
  shedUntil = 0; // epoch ms; its word holds so long
  readonly #leases = new Set<Lease>();
  #nextExpiry = Number.POSITIVE_INFINITY; // never later than the earliest deadline in flight
  #work = 0; // of the leases
  #averageMs = 0;
  #peakMs = 0;
  #updatedAt = 0;

  /** @param cost work of the call, where 1 is a call of the mean */
  begin(now: number, deadlineAt: number, cost = 1): Lease {
    const lease = { startedAt: now, deadlineAt, cost };
    this.#leases.add(lease);
    this.#work += cost;
    if (deadlineAt < this.#nextExpiry) this.#nextExpiry = deadlineAt;
    return lease;
  }

  /** Ends an attempt whose time says nothing: refused before any work, or given up by its caller. */
  drop(lease: Lease): boolean {
    if (!this.#leases.delete(lease)) return false;
    this.#work = this.#leases.size === 0 ? 0 : this.#work - lease.cost;
    return true;
  }

  /**
   * Ends an attempt.
   *
   * @param tookMs time to the answer; a failure is scored as the time a call may take, or failing fast would look like being fast
   * @returns false where it had ended before, or had outlived its deadline
   */
  end(lease: Lease, now: number, tookMs: number): boolean {
    if (!this.drop(lease)) return false;
    const unitMs = tookMs / lease.cost;
    const old = this.samples === 0 ? 0 : Math.exp(-Math.max(1, now - this.#updatedAt) / AVERAGED_OVER_MS);
    this.#averageMs = old * this.#averageMs + (1 - old) * unitMs;
    this.#peakMs = unitMs > this.#peakMs ? unitMs : old * this.#peakMs + (1 - old) * unitMs;
    this.#updatedAt = now;
    this.samples += 1;
    return true;
  }

  /** Whether a call is shed on the endpoint's word. @param roll in [0, 1), the same for all endpoints that a call may go to */
  sheds(rank: Rank, roll: number, now: number): boolean {
    return now < this.shedUntil && isShedAt(this.shedLevel, rank, roll);
  }

  inFlight(now: number): number {
    if (now >= this.#nextExpiry) this.#expire(now);
    return this.#leases.size;
  }

  /** Work of the calls in flight; their number, where nobody has learned what calls cost. */
  work(now: number): number {
    if (now >= this.#nextExpiry) this.#expire(now);
    return this.#work;
  }

  /** Mean time of an answer to a call of cost 1, weighed by age; 0 before the first one. */
  get averageMs(): number {
    return this.#averageMs;
  }

  /** As `averageMs`, but up at once and down slowly. @see Finagle, PeakEwma */
  get peakMs(): number {
    return this.#peakMs;
  }

  /** When the last answer came, epoch ms; 0 before it. */
  get updatedAt(): number {
    return this.#updatedAt;
  }

  #expire(now: number): void {
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    for (const lease of this.#leases) {
      if (lease.deadlineAt <= now) this.drop(lease);
      else if (lease.deadlineAt < this.#nextExpiry) this.#nextExpiry = lease.deadlineAt;
    }
  }
}
