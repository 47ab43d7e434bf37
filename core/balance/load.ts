// What one isolate has seen of one endpoint: calls in flight, how long its answers take, and what it says of itself.
// In flight are permits with a deadline, no counter: a counter leaks when a caller goes away and its continuation is dropped.

import type { Rank } from "../overload/criticality.ts";
import { MinuteAverage } from "../overload/redirect.ts";
import { isShedAt } from "../overload/shed-level.ts";

/** One attempt on its way. Ended once; what is never ended counts until its deadline. */
export interface AttemptPermit {
  readonly startedAt: number; // epoch ms
  readonly deadlineAt: number; // epoch ms
  readonly cost: number; // work, where 1 is a call of the mean
}

/** What an endpoint says of its load. */
export interface LoadReport {
  readonly predictedMs: number; // what one call more would take there
  readonly usualMs?: number; // the same, averaged over a minute
  readonly tookMs?: number; // what it has worked on this call
}

const LEAST_MS = 0.1;
const AVERAGED_OVER_MS = 3_000;
const TOLD_FOR_MS = 1_500; // what an endpoint says of now; then it is what it usually says
const A_REPORT_IS = 3.5; // answers: what one says weighs as much as so many that were seen lately
const AWAY = 0.2; // of each answer, that the way to the endpoint is learned from

export class Load {
  /** Answers so far, failures too. */
  samples = 0;
  /** What the endpoint last said it would take for one call more, ms; 0 where it says nothing, or is not believed. */
  reportedMs = 0;
  /** What it last said of the calls it would have shed. @see ShedLevel */
  shedLevel = 0;
  shedUntil = 0; // epoch ms; its word holds so long
  readonly #usual = new MinuteAverage(); // of reports that do not say what is usual
  #usualMs = 0;
  #reportedAt = 0;
  #awayMs = 0; // what an answer takes beside the work: the way there and back
  #evidence = 0; // answers seen, weighed by age
  readonly #permits = new Set<AttemptPermit>();
  #nextExpiry = Number.POSITIVE_INFINITY; // never later than the earliest deadline in flight
  #work = 0; // of the permits
  #averageMs = 0;
  #peakMs = 0;
  #updatedAt = 0;

  /** @param cost work of the call, where 1 is a call of the mean */
  begin(now: number, deadlineAt: number, cost = 1): AttemptPermit {
    const permit = { startedAt: now, deadlineAt, cost };
    this.#permits.add(permit);
    this.#work += cost;
    if (deadlineAt < this.#nextExpiry) this.#nextExpiry = deadlineAt;
    return permit;
  }

  /** Ends an attempt whose time says nothing: refused before any work, or given up by its caller. */
  drop(permit: AttemptPermit): boolean {
    if (!this.#permits.delete(permit)) return false;
    this.#work = this.#permits.size === 0 ? 0 : this.#work - permit.cost;
    return true;
  }

  /**
   * Ends an attempt.
   *
   * @param tookMs time to the answer; a failure is scored as the time a call may take, or failing fast would look like being fast
   * @returns false where it had ended before, or had outlived its deadline
   */
  end(permit: AttemptPermit, now: number, tookMs: number): boolean {
    if (!this.drop(permit)) return false;
    const unitMs = tookMs / permit.cost;
    const old = this.samples === 0 ? 0 : Math.exp(-Math.max(1, now - this.#updatedAt) / AVERAGED_OVER_MS);
    this.#evidence = old * this.#evidence + 1;
    this.#averageMs = old * this.#averageMs + (1 - old) * unitMs;
    this.#peakMs = unitMs > this.#peakMs ? unitMs : old * this.#peakMs + (1 - old) * unitMs;
    this.#updatedAt = now;
    this.samples += 1;
    return true;
  }

  /** @param roundTripMs time of the answer that brought the report, as it was seen from here */
  report({ predictedMs, usualMs, tookMs }: LoadReport, now: number, roundTripMs: number): void {
    this.#usual.add(predictedMs, now);
    this.reportedMs = predictedMs;
    this.#usualMs = usualMs ?? this.#usual.ms;
    this.#reportedAt = now;
    if (tookMs === undefined) return;
    const awayMs = Math.max(0, roundTripMs - tookMs);
    this.#awayMs = this.#awayMs === 0 ? awayMs : this.#awayMs + AWAY * (awayMs - this.#awayMs);
  }

  /** Its word is worth nothing until it answers well again: who fails at once has little to do. */
  distrustReport(): void {
    this.reportedMs = 0;
  }

  /**
   * What one call of cost 1 takes there, ms: of what was seen lately and what the endpoint says, each by how much it is worth.
   * What it said of its queue is soon over; what it usually says stays, and isolates that call it seldom learn from all others by it.
   *
   * @returns at least a tenth of a millisecond, which clocks may not see; 0 where nothing is known
   */
  expectedMs(now: number): number {
    if (this.reportedMs === 0) return this.samples === 0 ? 0 : Math.max(LEAST_MS, this.#averageMs);
    const told = this.#usualMs + (this.reportedMs - this.#usualMs) * Math.exp(Math.min(0, this.#reportedAt - now) / TOLD_FOR_MS);
    const seen = this.#evidence * Math.exp(Math.min(0, this.#updatedAt - now) / AVERAGED_OVER_MS);
    return Math.max(LEAST_MS, (seen * this.#averageMs + A_REPORT_IS * (told + this.#awayMs)) / (seen + A_REPORT_IS));
  }

  /** When anything was last heard of it, epoch ms. */
  get lastSeenAt(): number {
    return Math.max(this.#updatedAt, this.reportedMs === 0 ? 0 : this.#reportedAt);
  }

  /** Whether a call is shed on the endpoint's word. @param roll in [0, 1), the same for all endpoints that a call may go to */
  refuses(rank: Rank, roll: number, now: number): boolean {
    return now < this.shedUntil && isShedAt(this.shedLevel, rank, roll);
  }

  inFlight(now: number): number {
    if (now >= this.#nextExpiry) this.#expire(now);
    return this.#permits.size;
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
    for (const permit of this.#permits) {
      if (permit.deadlineAt <= now) this.drop(permit);
      else if (permit.deadlineAt < this.#nextExpiry) this.#nextExpiry = permit.deadlineAt;
    }
  }
}
