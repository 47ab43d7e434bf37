// When an isolate exchanges with its relay: once an interval, early where a breaker has opened, and at once for what cannot wait.

const MIN_JITTER = 0.8; // an interval is shortened by up to a fifth at random, so that isolates do not fall into step
const EARLY_PAUSE_MS = 10_000; // between two early exchanges of one isolate
const SHORT_MS = 50; // an early exchange within a shorter time is sent at once: there are few isolates
const RETRY_MS = 1_000; // longest pause after a failure, where the isolate cannot do without a response

/** Times are epoch ms, and `random` is in [0, 1). */
export class ExchangeSchedule {
  intervalMs: number; // time that the configuration says; a relay may set a longer or a shorter one. Written by `Exchange`
  #dueAt: number | undefined; // undefined before the first call
  #earlyAt = Number.POSITIVE_INFINITY;
  #notEarlyBefore = Number.NEGATIVE_INFINITY;
  #earlyMs: number;

  constructor(intervalMs: number) {
    this.intervalMs = intervalMs;
    this.#earlyMs = intervalMs;
  }

  /** Whether a call has ever started the schedule. */
  get hasStarted(): boolean {
    return this.#dueAt !== undefined;
  }

  /** The first exchange takes place at a random moment of the first interval: all isolates may have started at once. */
  start(now: number, random: number): void {
    this.#dueAt = now + random * this.intervalMs;
  }

  /** A time further ahead than any that is set was set before the clock was set back: it has passed. */
  isDue(now: number): boolean {
    if (this.#dueAt === undefined) return false;
    return now >= this.#dueAt || now >= this.#earlyAt || this.#dueAt - now > MAX_INTERVAL_MS;
  }

  /** Something has happened that other isolates should know soon: at most one early exchange in 10 s, at a random moment. */
  hurry(now: number, random: number): void {
    if (this.#earlyAt !== Number.POSITIVE_INFINITY || now < this.#notEarlyBefore) return;
    this.#earlyAt = now + (this.#earlyMs < SHORT_MS ? 0 : random * this.#earlyMs);
    this.#notEarlyBefore = this.#earlyAt + EARLY_PAUSE_MS;
  }

  /** Something cannot wait: the result of a probe, or a call that needs a list. */
  require(now: number): void {
    this.#dueAt = now;
  }

  /** An exchange is under way. What happens from now on is not in it, and may need another one. */
  sent(): void {
    this.#earlyAt = Number.POSITIVE_INFINITY;
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  /** @param nextMs as the relay says @param earlyMs the same */
  succeeded(sentAt: number, nextMs: number, earlyMs: number, random: number): void {
    this.#earlyMs = earlyMs;
    this.#next(sentAt, Math.min(nextMs, MAX_INTERVAL_MS), random);
  }

  /** @param isNeeded whether the isolate has nothing to work with before a response */
  failed(now: number, random: number, isNeeded: boolean): void {
    this.#next(now, isNeeded ? Math.min(RETRY_MS, this.intervalMs) : this.intervalMs, random);
  }

  #next(from: number, afterMs: number, random: number): void {
    const next = from + afterMs * (MIN_JITTER + (1 - MIN_JITTER) * random);
    this.#dueAt = Math.min(this.#dueAt ?? next, next);
  }
}

const MAX_INTERVAL_MS = 600_000; // the longest interval that a configuration may set
