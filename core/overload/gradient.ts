// A limit of calls in flight that adapts to what an upstream can serve, from latency and calls in flight alone: CPU is not read.
//
// While calls queue, latency grows and throughput does not. The limit is moved to where latency is a little above the base latency, which
// is latency without queueing. The base is measured while few calls are in flight. Where the limit is always reached, a probe lowers it
// for a moment now and then and measures again: otherwise permanent queueing would be taken for the upstream's own speed.

export interface GradientLimitSettings {
  readonly floor: number; // calls in flight that the limit never goes below
  readonly ceiling: number; // calls in flight that the limit never goes above
}

// The constants were chosen with `npm run sim -- resilience`: the limit reaches at least 90 % of the goodput of the best fixed limit in
// each of its traces. TOLERANCE and MIN_GRADIENT are those of Gradient2.
const START_LIMIT = 20; // calls in flight
const MIN_WINDOW_MS = 200;
const MAX_WINDOW_MS = 2_000; // after it, a window ends with any number of samples
const MIN_SAMPLES = 20; // in a window of less than MAX_WINDOW_MS
const TOLERANCE = 1.5; // latency over the base latency that is accepted at the limit
const SLACK_MS = 3; // accepted beside it: clocks count whole milliseconds, and calls may be shorter
const FAST_GROWTH_BELOW = 1.2; // latency over the base latency up to which the limit grows fast
const FAST_GROWTH = 1.5; // factor of one window, before smoothing
const MIN_GRADIENT = 0.5; // largest cut of one window, before smoothing
const SMOOTHING = 0.4; // EWMA weight of one window
const UNQUEUED_SHARE = 0.35; // share of the limit; with fewer calls in flight, calls do not queue
const UNQUEUED_ALPHA = 0.2; // EWMA weight of one such window in the base latency
const UNUSED_DECAY = 0.99; // factor of one window for a limit that is not reached
const MAX_BASE_MS = 1_000; // above it, queueing cannot be distinguished from work, and the limit only grows
const PROBE_INTERVAL_MS = 10_000;
const PROBE_SHARE = 0.35; // share of the limit that is admitted during a probe
const PROBE_LATENCIES = 2; // least length of a probe, in latencies: the first responses are those of short calls
const PROBE_TIMEOUT = 2; // lengths after which a probe ends without a result
const SUSPICIOUS_WINDOWS = 3; // windows in a row with latency far above the accepted one, after which the next probe comes early
const MIN_PROBE_INTERVAL_MS = 500; // first early interval; each probe doubles it, and one that finds something sets it back
const PROBE_FOUND = 1.5; // factor by which a probe has to raise the base latency to have found something

interface LimitProbe {
  readonly startedAt: number; // epoch ms
  readonly lengthMs: number;
}

/** @see Netflix concurrency-limits, Gradient2Limit; Envoy, adaptive concurrency; Cardwell et al. 2016, BBR (ProbeRTT) */
export class GradientLimit {
  readonly #settings: GradientLimitSettings;
  #limit: number; // not rounded, without a probe
  #baseMs = 0; // 0 before the first window has ended
  #windowStartedAt = Number.NaN; // epoch ms
  #sumMs = 0; // latencies in this window
  #count = 0; // samples in this window
  #maxInFlight = 0; // in this window
  #suspiciousWindows = 0; // in a row
  #probe: LimitProbe | undefined;
  #probedAt = Number.NaN; // epoch ms, the last time that the base latency was measured
  #earlyIntervalMs = MIN_PROBE_INTERVAL_MS;

  constructor(settings: GradientLimitSettings) {
    this.#settings = settings;
    this.#limit = this.#bounded(START_LIMIT);
  }

  /** Calls in flight that the upstream can serve now, a whole number. */
  get limit(): number {
    return Math.max(this.#settings.floor, Math.floor(this.#probe === undefined ? this.#limit : this.#limit * PROBE_SHARE));
  }

  /** Whether the limit is lowered by a probe. A caller that admits calls beyond the limit has to keep to it now, or nothing is learned. */
  get isProbing(): boolean {
    return this.#probe !== undefined;
  }

  /** Latency without queueing, ms; 0 where it is not known yet. */
  get baseMs(): number {
    return this.#baseMs;
  }

  /**
   * Learns from a response, or from a call that got none before its deadline. Fast failures must be left out: their time says nothing.
   *
   * @param tookMs   time since the call began, ms
   * @param inFlight calls in flight when it began, including itself
   * @param now      epoch ms
   */
  sample(tookMs: number, inFlight: number, now: number): void {
    if (!(now >= this.#windowStartedAt)) {
      this.#windowStartedAt = now; // the first sample, or the clock has stepped back
      this.#probedAt = now;
    }
    const probe = this.#probe;
    if (probe !== undefined && (now - tookMs < probe.startedAt || inFlight > this.limit)) {
      // The call waited for calls from before the probe, or was admitted against it: it says nothing about the base latency.
      if (now - probe.startedAt >= PROBE_TIMEOUT * Math.max(probe.lengthMs, MAX_WINDOW_MS)) this.#endProbe(now);
      return;
    }
    this.#sumMs += tookMs;
    this.#count += 1;
    if (inFlight > this.#maxInFlight) this.#maxInFlight = inFlight;
    if (!this.#isWindowOver(now - this.#windowStartedAt)) return;
    this.#endWindow(this.#sumMs / this.#count, this.#maxInFlight, now);
    this.#sumMs = 0;
    this.#count = 0;
    this.#maxInFlight = 0;
    this.#windowStartedAt = now;
  }

  #isWindowOver(lengthMs: number): boolean {
    const minMs = this.#probe?.lengthMs ?? Math.max(MIN_WINDOW_MS, Math.min(this.#baseMs, MAX_WINDOW_MS));
    return lengthMs >= minMs && (this.#count >= MIN_SAMPLES || lengthMs >= MAX_WINDOW_MS);
  }

  #endWindow(meanMs: number, maxInFlight: number, now: number): void {
    if (this.#baseMs === 0) this.#baseMs = meanMs;
    if (this.#probe !== undefined) {
      if (meanMs > PROBE_FOUND * this.#baseMs) this.#earlyIntervalMs = MIN_PROBE_INTERVAL_MS;
      this.#baseMs = meanMs;
      this.#endProbe(now);
      return;
    }
    const isUnqueued = maxInFlight < UNQUEUED_SHARE * this.#limit || this.#baseMs > MAX_BASE_MS;
    if (isUnqueued) {
      this.#baseMs += UNQUEUED_ALPHA * (meanMs - this.#baseMs);
      this.#probedAt = now;
    } else if (meanMs < this.#baseMs) this.#baseMs += SMOOTHING * (meanMs - this.#baseMs);
    const acceptedMs = TOLERANCE * this.#baseMs + SLACK_MS;
    this.#suspiciousWindows = meanMs > acceptedMs * TOLERANCE ? this.#suspiciousWindows + 1 : 0;
    this.#limit = this.#bounded(this.#nextLimit(meanMs, acceptedMs, maxInFlight, isUnqueued));
    const intervalMs = this.#suspiciousWindows >= SUSPICIOUS_WINDOWS ? this.#earlyIntervalMs : PROBE_INTERVAL_MS;
    const isDue = now - this.#probedAt >= intervalMs;
    if (!isUnqueued && isDue) this.#probe = { startedAt: now, lengthMs: Math.max(MIN_WINDOW_MS, PROBE_LATENCIES * meanMs) };
  }

  #nextLimit(meanMs: number, acceptedMs: number, maxInFlight: number, isUnqueued: boolean): number {
    const limit = this.#limit;
    if (this.#baseMs > MAX_BASE_MS) return Math.max(limit, maxInFlight / UNQUEUED_SHARE);
    // A limit that is not reached was never tested: it does not grow, and it falls slowly.
    if (isUnqueued) return Math.min(limit, Math.max(maxInFlight / UNQUEUED_SHARE, UNUSED_DECAY * limit));
    const isFast = meanMs <= FAST_GROWTH_BELOW * this.#baseMs + SLACK_MS;
    const gradient = Math.max(MIN_GRADIENT, Math.min(1, acceptedMs / meanMs));
    const target = isFast ? FAST_GROWTH * limit : limit * gradient + Math.sqrt(limit);
    return limit + SMOOTHING * (target - limit);
  }

  #endProbe(now: number): void {
    this.#earlyIntervalMs = Math.min(PROBE_INTERVAL_MS, 2 * this.#earlyIntervalMs);
    this.#probe = undefined;
    this.#probedAt = now;
    this.#suspiciousWindows = 0;
  }

  #bounded(limit: number): number {
    return Math.max(this.#settings.floor, Math.min(this.#settings.ceiling, limit));
  }
}
