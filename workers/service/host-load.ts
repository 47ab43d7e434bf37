// The load of a host: it reports it with every response, redirects calls while it is much slower than its peers, and admits only calls that
// it can end in time.
//
// Deployed, the clock of a Worker advances only with I/O: a call that only computes takes 0 ms by it. Such a call counts as in flight, but
// its time says nothing about the speed of the host, and is neither averaged nor reported.
// @see developers.cloudflare.com/workers/runtime-apis/performance

import { parseConnectTimeout, parseGrpcTimeout } from "../../core/deadline.ts";
import { CRITICALITY_HEADER } from "../../core/headers.ts";
import { Admission, type AdmissionRefusal, type AdmissionSettings } from "../../core/overload/admission.ts";
import { CRITICAL, parseRank } from "../../core/overload/criticality.ts";
import { isHot, MinuteAverage, updateMedian } from "../../core/overload/redirect.ts";

const CALL_ALPHA = 0.05; // EWMA weight of one call: about the last 20 count
/** The limit of a gateway's isolate (docs/parameters.md), and a floor that no host that only computes can exceed without harm. */
export const ADMISSION: AdmissionSettings = { max: 10_000, floor: 100 };
const MAX_COUNTED_MS = 60_000; // a call without a deadline, whose end is never recorded, stops counting after this time

export class HostLoad {
  readonly #cores: number;
  readonly #admission: Admission;
  readonly #usual = new MinuteAverage();
  #inFlight = 0; // calls in flight at #countedAt
  #countedAt = 0; // epoch ms of the last start or end of a call
  #unitMs = 0; // average time of a call, divided by the calls that it shared the isolate with; 0 while no call has taken time
  #peerMedianMs = 0; // median over all endpoints of the predicted time, as callers report it

  /** @param cores calls that run at the same time without waiting for one another: 1 in an isolate */
  constructor(settings: AdmissionSettings = ADMISSION, cores = 1) {
    this.#admission = new Admission(settings);
    this.#cores = cores;
  }

  /** Calls in flight. */
  inFlight(now: number): number {
    return this.#admission.inFlight(now);
  }

  /** Predicted time of one more call, ms; 0 before the first call has ended that the clock has measured. */
  get predictedMs(): number {
    return this.#unitMs * Math.max(1, (this.#inFlight + 1) / this.#cores);
  }

  /**
   * @param median text of `MEDIAN_HEADER`; null where the call may not be redirected
   * @returns whether to refuse the call before any work, so that the gateway sends it to another endpoint
   */
  shouldRedirect(median: string | null, now: number): boolean {
    this.#usual.add(this.predictedMs, now);
    const medianMs = median !== null && /^\d{1,6}(\.\d{1,3})?$/.test(median) ? Number(median) : 0;
    this.#peerMedianMs = updateMedian(this.#peerMedianMs, medianMs);
    return isHot({ inFlight: this.#inFlight, cores: this.#cores, predictedMs: this.predictedMs }, medianMs > 0 ? this.#peerMedianMs : 0);
  }

  /**
   * @param leftMs time until the deadline of the call: `remainingMs`
   * @returns why the call is refused, undefined where it is admitted: too many calls, too many of its level, or too little time left
   */
  refusal(headers: Headers, leftMs: number, now: number): AdmissionRefusal | undefined {
    const level = headers.get(CRITICALITY_HEADER);
    return this.#admission.refusal(level === null ? CRITICAL : (parseRank(level) ?? CRITICAL), leftMs, now);
  }

  /**
   * Counts a call as in flight.
   *
   * @param leftMs time until the deadline of the call
   * @returns records its end, and returns its time, ms; `isEvident`: the call was worked on to its end, so that its time tells of the load
   */
  start(now: number, leftMs = MAX_COUNTED_MS): (now: number, isEvident?: boolean) => number {
    const permit = this.#admission.begin(now, now + Math.min(MAX_COUNTED_MS, leftMs));
    this.#inFlight = permit.inFlightAtStart;
    this.#countedAt = now;
    const shared = Math.max(1, this.#inFlight / this.#cores);
    return (ended, isEvident = true) => {
      const tookMs = Math.max(0, ended - now);
      const isMeasured = tookMs > 0; // otherwise the clock has stood still
      this.#admission.end(permit, ended, isEvident && isMeasured);
      this.#inFlight = this.#admission.inFlight(ended);
      this.#countedAt = ended;
      if (!isMeasured) return tookMs;
      const unitMs = tookMs / shared;
      this.#unitMs = this.#unitMs === 0 ? unitMs : this.#unitMs + CALL_ALPHA * (unitMs - this.#unitMs);
      return tookMs;
    };
  }

  /**
   * The value of `REPORT_HEADER`: predicted time of one more call, calls in flight, and the level that callers should shed, if any. Without
   * a measured call there is no prediction: the gateway then goes by what it measures itself.
   *
   * @param tookMs time of the call whose response it is written on; 0 where the clock stood still, undefined where that was refused
   */
  report(tookMs?: number): string {
    const level = this.#admission.shedLevel(this.#countedAt);
    const predicted = this.predictedMs;
    const took = tookMs === undefined || tookMs === 0 ? "" : `,named_metrics.took_ms=${tookMs.toFixed(1)}`;
    const shed = level > 0 ? `,named_metrics.shed_level=${level.toFixed(2)}` : "";
    if (predicted === 0) return `TEXT named_metrics.rif=${this.#inFlight}${shed}`;
    const usual = (this.#usual.ms || predicted).toFixed(1);
    return `TEXT named_metrics.predicted_ms=${predicted.toFixed(1)},named_metrics.usual_ms=${usual},named_metrics.rif=${this.#inFlight}${took}${shed}`;
  }
}

/** @returns ms; Infinity where there is no timeout, or an invalid one, which is refused when the call is read */
export function remainingMs(headers: Headers): number {
  const connect = headers.get("connect-timeout-ms");
  const grpc = connect === null ? headers.get("grpc-timeout") : null;
  if (connect === null && grpc === null) return Number.POSITIVE_INFINITY;
  const timeout = connect === null ? parseGrpcTimeout(grpc) : parseConnectTimeout(connect);
  return (timeout.kind === "ok" ? timeout.ms : undefined) ?? Number.POSITIVE_INFINITY;
}
