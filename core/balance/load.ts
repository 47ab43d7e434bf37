// What one isolate has measured of one endpoint: calls in flight and response times, and what the endpoint reports of itself.
// Calls in flight are permits with a deadline, not a counter: a counter leaks when a caller goes away and its continuation is dropped.
import type { Rank } from "../overload/criticality.ts";
import { MinuteAverage } from "../overload/redirect.ts";
import { isShedAt } from "../overload/shed-level.ts";

/** One attempt in flight. It is ended once; one that is never ended counts until its deadline. */
export interface AttemptPermit {
  readonly startedAt: number; // epoch ms
  readonly deadlineAt: number; // epoch ms
  readonly cost: number; // work, where 1 is the mean call
}

/** What an endpoint reports of its load, ms. */
export interface LoadReport {
  readonly predictedMs: number; // time that one more call would take now
  readonly usualMs?: number; // the same, averaged over a minute
  readonly tookMs?: number; // time that the endpoint worked on this call
}

const MIN_MS = 0.1; // shorter times are below the resolution of clocks
// The next four were chosen with `npm run sim -- balancers`.
const AVERAGE_MS = 3_000; // time in which the weight of a response falls to 1/e
const REPORT_FADE_MS = 1_500; // time in which a reported prediction falls back to the usual time, by 1/e
const REPORT_WEIGHT = 3.5; // responses: a report weighs as much as that many recent ones
const NETWORK_ALPHA = 0.2; // EWMA weight of one response in the network time

export class Load {
  /** Responses so far, including failures. */
  samples = 0;
  /** Last reported prediction for one more call, ms; 0 where there is no report, or it is distrusted. */
  reportedMs = 0;
  /** Last reported level of calls to shed. @see ShedLevel */
  shedLevel = 0;
  shedUntil = 0; // epoch ms; the level is honored until then
  readonly #minuteAverage = new MinuteAverage(); // used as `usualMs` where reports have none
  #usualMs = 0;
  #reportedAt = 0; // epoch ms
  #networkMs = 0; // mean response time beside the endpoint's own work
  #evidence = 0; // responses, weighted by age
  readonly #permits = new Set<AttemptPermit>();
  #nextExpiry = Number.POSITIVE_INFINITY; // epoch ms, never later than the earliest deadline in flight
  #work = 0; // sum of the costs in flight
  #averageMs = 0;
  #peakMs = 0;
  #updatedAt = 0; // epoch ms

  /** @param cost work of the call, where 1 is the mean call */
  begin(now: number, deadlineAt: number, cost = 1): AttemptPermit {
    const permit = { startedAt: now, deadlineAt, cost };
    this.#permits.add(permit);
    this.#work += cost;
    if (deadlineAt < this.#nextExpiry) this.#nextExpiry = deadlineAt;
    return permit;
  }

  /** Ends an attempt whose time says nothing about the endpoint: it was refused before any work, or its caller gave up. */
  drop(permit: AttemptPermit): boolean {
    if (!this.#permits.delete(permit)) return false;
    this.#work = this.#permits.size === 0 ? 0 : this.#work - permit.cost;
    return true;
  }

  /**
   * Ends an attempt.
   *
   * @param tookMs response time; for a failure, the time that a call may take, or failing fast would look like being fast
   * @returns false where the attempt had ended before, or had outlived its deadline
   */
  end(permit: AttemptPermit, now: number, tookMs: number): boolean {
    if (!this.drop(permit)) return false;
    const unitMs = tookMs / permit.cost;
    const retained = this.samples === 0 ? 0 : Math.exp(-Math.max(1, now - this.#updatedAt) / AVERAGE_MS);
    this.#evidence = retained * this.#evidence + 1;
    this.#averageMs = retained * this.#averageMs + (1 - retained) * unitMs;
    this.#peakMs = unitMs > this.#peakMs ? unitMs : retained * this.#peakMs + (1 - retained) * unitMs;
    this.#updatedAt = now;
    this.samples += 1;
    return true;
  }

  /** @param roundTripMs time of the response that carried the report, measured by this isolate */
  report({ predictedMs, usualMs, tookMs }: LoadReport, now: number, roundTripMs: number): void {
    this.#minuteAverage.add(predictedMs, now);
    this.reportedMs = predictedMs;
    this.#usualMs = usualMs ?? this.#minuteAverage.ms;
    this.#reportedAt = now;
    if (tookMs === undefined) return;
    const networkMs = Math.max(0, roundTripMs - tookMs);
    this.#networkMs = this.#networkMs === 0 ? networkMs : this.#networkMs + NETWORK_ALPHA * (networkMs - this.#networkMs);
  }

  /** Ignores the last report until the next one: an endpoint that fails at once has little load. */
  distrustReport(): void {
    this.reportedMs = 0;
  }

  /**
   * The expected time of one call of cost 1, ms: the mean of recent responses and of the report, weighted by how much each is worth.
   * The reported queue fades soon; the reported usual time stays, so that isolates with few calls profit from the calls of all others.
   *
   * @returns at least 0.1 ms; 0 where nothing is known
   */
  expectedMs(now: number): number {
    if (this.reportedMs === 0) return this.samples === 0 ? 0 : Math.max(MIN_MS, this.#averageMs);
    const reportedMs = this.#usualMs + (this.reportedMs - this.#usualMs) * Math.exp(Math.min(0, this.#reportedAt - now) / REPORT_FADE_MS);
    const evidence = this.#evidence * Math.exp(Math.min(0, this.#updatedAt - now) / AVERAGE_MS);
    const sumMs = evidence * this.#averageMs + REPORT_WEIGHT * (reportedMs + this.#networkMs);
    return Math.max(MIN_MS, sumMs / (evidence + REPORT_WEIGHT));
  }

  /** Time of the last response or trusted report, epoch ms. */
  get lastSeenAt(): number {
    return Math.max(this.#updatedAt, this.reportedMs === 0 ? 0 : this.#reportedAt);
  }

  /** Whether the endpoint's shed level refuses a call. @param random in [0, 1), the same for all endpoints that the call may go to */
  refuses(rank: Rank, random: number, now: number): boolean {
    return now < this.shedUntil && isShedAt(this.shedLevel, rank, random);
  }

  inFlight(now: number): number {
    if (now >= this.#nextExpiry) this.#expire(now);
    return this.#permits.size;
  }

  /** Sum of the costs of the calls in flight; their number, where costs are not learned. */
  work(now: number): number {
    if (now >= this.#nextExpiry) this.#expire(now);
    return this.#work;
  }

  /** Mean response time of a call of cost 1, weighted by age; 0 before the first response. */
  get averageMs(): number {
    return this.#averageMs;
  }

  /** As `averageMs`, but it rises at once and falls slowly. @see Finagle, PeakEwma */
  get peakMs(): number {
    return this.#peakMs;
  }

  #expire(now: number): void {
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    for (const permit of this.#permits) {
      if (permit.deadlineAt <= now) this.drop(permit);
      else if (permit.deadlineAt < this.#nextExpiry) this.#nextExpiry = permit.deadlineAt;
    }
  }
}
