// An in-flight limit that adapts to what its upstream bears, from latency and calls in flight alone: no CPU is read.
//
// While calls wait for one another, latency grows and answers do not. The limit is moved to where latency is a little above what it is
// without waiting. What it is without waiting is seen while few calls are in flight; where the limit is always reached, it is halved
// now and then for a moment, and looked at again: else waiting that never ends would be taken for the upstream's own speed.

export interface GradientLimitSettings {
  readonly floor: number; // calls in flight that the limit never goes below
  readonly ceiling: number; // ... or above
}

const TOLERANCE = 1.5; // times the latency without waiting, which calls may take at the limit
const SLACK_MS = 3; // ... and so much more: clocks of whole ms, and calls of less
const SAMPLES = 20; // answers that a look needs
const LOOK_MS = 200; // and the time it takes at least ...
const LONGEST_LOOK_MS = 2_000; // ... and at most, however few the answers
const SMOOTHING = 0.4;
const STEEPEST = 0.5; // of the limit, that one look can take
const PROBE_EVERY_MS = 10_000;
const SUSPICIOUS_LOOKS = 3; // of latency far above, after which the next probe comes sooner ...
const SOONEST_MS = 500; // ... but not before; twice as late each time that it was for nothing
const CHANGED = 1.5; // times what was known, that a probe finds: it was not for nothing
const PROBED_AT = 0.35; // of the limit
const PROBED_FOR = 2; // latencies, at least: the first answers are those of short calls
const UNQUEUED = 0.35; // of the limit: with fewer calls in flight, latency is the upstream's own
const ENDS_AFTER = 2; // times its length, that a probe ends without an answer
const SLOW_MS = 1_000; // calls that take longer without waiting: their waiting can't be told from their work, and they are let be
const FOLLOWS = 0.2; // of each such look
const STARTS_AT = 20; // calls in flight: what is more has to be earned
const CALM = 1.2; // times the latency without waiting: up to there the limit may grow fast ...
const GROWTH = 1.5; // ... by so much with each look, before smoothing
const UNUSED = 0.99; // of a limit that nobody reaches is left after a look

/** @see Netflix concurrency-limits, Gradient2Limit; Envoy, adaptive concurrency; Cardwell et al. 2016, BBR (ProbeRTT) */
export class GradientLimit {
  readonly #settings: GradientLimitSettings;
  #limit: number;
  #baseMs = 0; // latency without waiting; 0 before the first look
  #sum = 0; // of this look ...
  #count = 0;
  #most = 0; // calls in flight
  #lookedAt = Number.NaN;
  #suspicious = 0;
  #probe: { readonly startedAt: number; readonly forMs: number } | undefined; // under way
  #probedAt = Number.NaN;
  #patienceMs = SOONEST_MS;

  constructor(settings: GradientLimitSettings) {
    this.#settings = settings;
    this.#limit = this.#bounded(STARTS_AT);
  }

  /** Calls in flight that the upstream bears now, a whole number. */
  get limit(): number {
    return Math.max(this.#settings.floor, Math.floor(this.#probe === undefined ? this.#limit : this.#limit * PROBED_AT));
  }

  /** Whether the limit is lowered for a moment. Who lets calls in beyond the limit has to hold to this one, or nothing is learned. */
  get isProbing(): boolean {
    return this.#probe !== undefined;
  }

  /** Latency without waiting, ms; 0 where it is not known yet. */
  get baseMs(): number {
    return this.#baseMs;
  }

  /**
   * Learns from an answer, or from a call that got none in its time. Failures that come fast say nothing, and are left out.
   *
   * @param tookMs   time from its start, ms
   * @param inFlight calls in flight when it started, itself too
   * @param now      epoch ms
   */
  sample(tookMs: number, inFlight: number, now: number): void {
    if (!(now >= this.#lookedAt)) {
      this.#lookedAt = now; // the first one, or a clock that stepped back
      this.#probedAt = now;
    }
    const probe = this.#probe;
    if (probe !== undefined && (now - tookMs < probe.startedAt || inFlight > this.limit)) {
      // One that was kept waiting by those before the probe, or that was let in against it. Of such alone nothing is learned.
      if (now - probe.startedAt < ENDS_AFTER * Math.max(probe.forMs, LONGEST_LOOK_MS)) return;
      this.#endProbe(now);
      return;
    }
    this.#sum += tookMs;
    this.#count += 1;
    if (inFlight > this.#most) this.#most = inFlight;
    const lookedForMs = now - this.#lookedAt;
    if (
      lookedForMs < (probe?.forMs ?? Math.max(LOOK_MS, Math.min(this.#baseMs, LONGEST_LOOK_MS))) ||
      (this.#count < SAMPLES && lookedForMs < LONGEST_LOOK_MS)
    )
      return;
    this.#look(this.#sum / this.#count, this.#most, now);
    this.#sum = 0;
    this.#count = 0;
    this.#most = 0;
    this.#lookedAt = now;
  }

  #look(meanMs: number, most: number, now: number): void {
    if (this.#baseMs === 0) this.#baseMs = meanMs;
    if (this.#probe !== undefined) {
      this.#probed(meanMs, now);
      return;
    }
    const isOwn = most < UNQUEUED * this.#limit || this.#baseMs > SLOW_MS;
    if (isOwn) {
      // Nobody is kept waiting here: the upstream is as fast as it is.
      this.#baseMs += FOLLOWS * (meanMs - this.#baseMs);
      this.#probedAt = now;
    } else if (meanMs < this.#baseMs) this.#baseMs += SMOOTHING * (meanMs - this.#baseMs);
    const borneMs = TOLERANCE * this.#baseMs + SLACK_MS;
    this.#suspicious = meanMs > borneMs * TOLERANCE ? this.#suspicious + 1 : 0;
    const isCalm = meanMs <= CALM * this.#baseMs + SLACK_MS;
    const gradient = Math.max(STEEPEST, Math.min(1, borneMs / meanMs));
    const wanted = isCalm ? GROWTH * this.#limit : this.#limit * gradient + Math.sqrt(this.#limit);
    // What nobody reaches grows no further, and is forgotten slowly: it was never tried.
    if (this.#baseMs > SLOW_MS) this.#limit = this.#bounded(Math.max(this.#limit, most / UNQUEUED));
    else if (isOwn) this.#limit = this.#bounded(Math.min(this.#limit, Math.max(most / UNQUEUED, UNUSED * this.#limit)));
    else this.#limit = this.#bounded(this.#limit + SMOOTHING * (wanted - this.#limit));
    const waitMs = this.#suspicious >= SUSPICIOUS_LOOKS ? this.#patienceMs : PROBE_EVERY_MS;
    const isDue = now - this.#probedAt >= waitMs;
    if (!isOwn && isDue) this.#probe = { startedAt: now, forMs: Math.max(LOOK_MS, PROBED_FOR * meanMs) };
  }

  #probed(meanMs: number, now: number): void {
    this.#patienceMs = meanMs > CHANGED * this.#baseMs ? SOONEST_MS : this.#patienceMs;
    this.#baseMs = meanMs;
    this.#endProbe(now);
  }

  #endProbe(now: number): void {
    this.#patienceMs = Math.min(PROBE_EVERY_MS, 2 * this.#patienceMs);
    this.#probe = undefined;
    this.#probedAt = now;
    this.#suspicious = 0;
  }

  #bounded(limit: number): number {
    return Math.max(this.#settings.floor, Math.min(this.#settings.ceiling, limit));
  }
}
