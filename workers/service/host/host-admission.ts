// Which calls a host takes: within its limits of calls in flight and of open streams, the more critical ones first.
import { CRITICALITY_HEADER } from "../../../core/headers.ts";
import type { AdmissionRefusal } from "../../../core/overload/admission.ts";
import { CRITICAL, parseRank } from "../../../core/overload/criticality.ts";
import { type ShedCall, shedLog } from "../../shed-log.ts";
import { HostLoad } from "../host-load.ts";
import type { Settings } from "../settings.ts";
import { StreamLimit } from "./stream-limit.ts";

/** A call that is refused before any work. */
export interface Shedding {
  readonly reason: AdmissionRefusal; // value of `SHED_HEADER`
  readonly text: string; // error message
}

/** The facts of a call by which it is admitted. */
export interface Arrival {
  readonly headers: Headers;
  readonly route: string; // `users.v1.UserService/GetUser`; empty where no method is served at the path
  readonly isStream: boolean;
  readonly leftMs: number; // time until its deadline; Infinity for none
}

export class HostAdmission {
  readonly load: HostLoad;
  readonly streams: StreamLimit;
  readonly #overload: Settings["overload"];
  readonly #log = shedLog();

  constructor({ admission, maxStreams, overload }: Settings) {
    this.load = new HostLoad(admission);
    this.streams = new StreamLimit(maxStreams);
    this.#overload = overload;
  }

  /** @returns undefined where the call may pass; one that is refused is logged, also where limits are only reported */
  refusal(arrival: Arrival, now: number): Shedding | undefined {
    if (this.#overload === "off") return undefined;
    const shedding = this.#shedding(arrival, now);
    if (shedding === undefined) return undefined;
    this.#log(shedCall(arrival, shedding, this.#overload === "enforce"), now);
    return this.#overload === "enforce" ? shedding : undefined;
  }

  #shedding({ headers, isStream, leftMs }: Arrival, now: number): Shedding | undefined {
    const reason = this.load.refusal(headers, leftMs, now);
    if (reason === "late") return { reason, text: "this can't be done in the time left" };
    if (reason !== undefined) return { reason, text: "too many calls in flight" };
    if (!isStream) return undefined;
    const level = headers.get(CRITICALITY_HEADER);
    const full = this.streams.refusal(level === null ? CRITICAL : (parseRank(level) ?? CRITICAL), now);
    return full && { reason: full, text: "too many open streams" };
  }
}

function shedCall({ headers, route }: Arrival, { reason }: Shedding, enforced: boolean): ShedCall {
  return { requestId: headers.get("x-request-id"), route, point: "host", reason, enforced };
}
