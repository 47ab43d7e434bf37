// What is counted in one scope, the isolate or one route: calls in flight, calls that wait, and open streams.
import type { ConcurrencyPolicy } from "../../../core/config/overload.ts";
import { ConcurrencyLimiter, type LimiterRefusal } from "../../../core/overload/concurrency-limiter.ts";
import { CRITICALITIES } from "../../../core/overload/criticality.ts";
import { type QueuedCall, WaitQueue } from "../../../core/overload/queue.ts";
import { Rejected } from "../../../core/rejection.ts";
import { retryAfterMs } from "../../call/retry-after.ts";
import { shedLog } from "../../shed-log.ts";
import { type Call, logFactsOf } from "../call.ts";
import { Enforcer } from "./enforcer.ts";

export interface Waiter extends QueuedCall {
  readonly settle: (isNext: boolean) => void;
}

/** Name of the scope of all calls in an isolate. */
export const ISOLATE = "isolate";

/** One scope for the isolate, and one for each route, which its RPC and REST pipelines share. */
export class ConcurrencyScope {
  readonly name: string;
  readonly policy: ConcurrencyPolicy;
  readonly limiter: ConcurrencyLimiter; // calls in flight
  readonly queue: WaitQueue<Waiter>;
  readonly streams: ConcurrencyLimiter; // open streams
  readonly calls: Enforcer; // decides about calls in flight
  readonly openStreams: Enforcer; // decides about open streams
  readonly #log = shedLog();

  constructor(name: string, policy: ConcurrencyPolicy) {
    const { maxStreams, callerShare, maxQueued } = policy;
    this.name = name;
    this.policy = policy;
    this.calls = new Enforcer("concurrency", name, policy);
    this.openStreams = new Enforcer("streams", name, policy);
    this.limiter = new ConcurrencyLimiter(policy);
    this.queue = new WaitQueue(maxQueued);
    this.streams = new ConcurrencyLimiter({ max: maxStreams, floor: undefined, callerShare });
  }

  /** What the scope allows, by the names of its settings. For traces. */
  numbers(): Readonly<Record<string, string | number>> {
    const { mode, max, maxQueued, queueMs } = this.policy;
    if (this.name !== ISOLATE)
      return { "concurrency.mode": mode, "concurrency.max": max, "concurrency.maxQueued": maxQueued, "concurrency.queueMs": queueMs };
    return { "overload.mode": mode, "overload.maxInFlight": max, "overload.maxQueued": maxQueued, "overload.queueMs": queueMs };
  }

  /** Counts and logs a call that is over a limit. @throws Rejected where the limit is enforced for its caller */
  refuse(call: Call, counted: "calls in flight" | "open streams", refusal: LimiterRefusal, now: number): void {
    const [{ limit }, enforcer] = counted === "open streams" ? [this.streams, this.openStreams] : [this.limiter, this.calls];
    const reason = {
      full: `limit of ${limit} ${counted} is reached`,
      level: `limit of ${limit} ${counted} leaves no room for ${CRITICALITIES[call.rank]} calls`,
      share: `caller holds its share of ${limit} ${counted}`,
    }[refusal];
    if (!enforcer.refuses(call, reason)) return;
    this.#log({ ...logFactsOf(call), point: this.name, reason, enforced: true }, now);
    const scope = this.name === ISOLATE ? "isolate" : "route";
    const shedBy = refusal === "share" ? "share" : counted === "open streams" ? "streams" : scope;
    throw new Rejected({ kind: "overloaded", limit: shedBy, point: this.name, reason, retryAfterMs: retryAfterMs() });
  }
}
