// What a host knows of its own load: it tells it with every answer, refuses where it is hot against the others, and admits only
// what it can end in time.

import { parseConnectTimeout, parseGrpcTimeout } from "../../core/deadline.ts";
import { CRITICALITY_HEADER } from "../../core/headers.ts";
import { Admission, type AdmissionRefusal, type AdmissionSettings } from "../../core/overload/admission.ts";
import { CRITICAL, parseRank } from "../../core/overload/criticality.ts";
import { isHot, MinuteAverage, updateMedian } from "../../core/overload/redirect.ts";

const AVERAGED_OVER = 0.05; // of each answer
/** As many calls as a gateway's isolate sends (S1), and a floor that a host which only computes does not get above unhurt. */
export const ADMISSION: AdmissionSettings = { max: 10_000, floor: 100 };
const LONGEST_MS = 60_000; // that a call without a deadline is counted for, should nobody count it out

export class HostLoad {
  readonly #cores: number;
  readonly #admission: Admission;
  readonly #usual = new MinuteAverage();
  #inFlight = 0; // as of the last call that came or went ...
  #at = 0; // ... at this time, epoch ms
  #unitMs = 0; // time of an answer over the calls it shared the isolate with
  #heardMs = 0;

  /** @param cores calls it works on without one waiting for another: 1 in an isolate */
  constructor(settings: AdmissionSettings = ADMISSION, cores = 1) {
    this.#admission = new Admission(settings);
    this.#cores = cores;
  }

  /** What one call more would take, ms; 0 before the first answer. */
  get predictedMs(): number {
    return this.#unitMs * Math.max(1, (this.#inFlight + 1) / this.#cores);
  }

  /** @param told the header's text, where the call may go elsewhere @returns whether to refuse it, unworked */
  mayRedirect(told: string | null, now: number): boolean {
    this.#usual.add(this.predictedMs, now);
    const medianMs = told !== null && /^\d{1,6}(\.\d{1,3})?$/.test(told) ? Number(told) : 0;
    this.#heardMs = updateMedian(this.#heardMs, medianMs);
    return isHot({ inFlight: this.#inFlight, cores: this.#cores, predictedMs: this.predictedMs }, medianMs > 0 ? this.#heardMs : 0);
  }

  /** Whether a call is more than can be done, of its level, or in its time. @returns undefined where it may be worked on */
  refusal({ headers }: Request, now: number): AdmissionRefusal | undefined {
    const rank = parseRank(headers.get(CRITICALITY_HEADER)) ?? CRITICAL;
    return this.#admission.refusal(rank, remainingMs(headers), now);
  }

  /** Counts a call in. @returns what counts it out; its time says something of the host where it was worked on to its end */
  begin(now: number, request?: Request): (now: number, isEvident?: boolean) => number {
    const longestMs = request === undefined ? LONGEST_MS : Math.min(LONGEST_MS, remainingMs(request.headers));
    const lease = this.#admission.begin(now, now + longestMs);
    this.#inFlight = lease.inFlightAtStart;
    this.#at = now;
    const shared = Math.max(1, this.#inFlight / this.#cores);
    return (ended, isEvident = true) => {
      this.#admission.end(lease, ended, isEvident);
      this.#inFlight = this.#admission.inFlight(ended);
      this.#at = ended;
      const tookMs = Math.max(0, ended - now);
      const unitMs = Math.max(0.1, tookMs) / shared;
      this.#unitMs = this.#unitMs === 0 ? unitMs : this.#unitMs + AVERAGED_OVER * (unitMs - this.#unitMs);
      return tookMs;
    };
  }

  /**
   * The report as text, for `REPORT_HEADER`: what one call more would take, calls in flight, and what callers should shed, if anything.
   *
   * @param tookMs of the call that it goes with; none where it was refused
   */
  report(tookMs?: number): string {
    const level = this.#admission.shedLevel(this.#at);
    const predicted = this.predictedMs;
    const took = tookMs === undefined ? "" : `,named_metrics.took_ms=${tookMs.toFixed(1)}`;
    const shed = level > 0 ? `,named_metrics.shed_level=${level.toFixed(2)}` : "";
    const usual = (this.#usual.ms || predicted).toFixed(1);
    return `TEXT named_metrics.predicted_ms=${predicted.toFixed(1)},named_metrics.usual_ms=${usual},named_metrics.rif=${this.#inFlight}${took}${shed}`;
  }
}

/** Infinity where the caller sets no timeout, or one that can't be read: that is told where the call is read. */
function remainingMs(headers: Headers): number {
  const connect = headers.get("connect-timeout-ms");
  const timeout = connect === null ? parseGrpcTimeout(headers.get("grpc-timeout")) : parseConnectTimeout(connect);
  return (timeout.kind === "ok" ? timeout.ms : undefined) ?? Number.POSITIVE_INFINITY;
}
