// Bounds the calls in flight in a scope: the isolate, or one route. A call above the limit waits a moment or is refused; calls that matter
// less, and calls of a caller that holds too many, are refused first.

import type { ConcurrencyPolicy } from "../../../core/config/overload.ts";
import { hash32 } from "../../../core/hash.ts";
import { ConcurrencyLimiter, type LimiterRefusal } from "../../../core/overload/concurrency-limiter.ts";
import { CRITICALITIES, type Rank } from "../../../core/overload/criticality.ts";
import type { Permit } from "../../../core/overload/permits.ts";
import { type QueuedCall, WaitQueue } from "../../../core/overload/queue.ts";
import { Rejected } from "../../../core/rejection.ts";
import { shedLog } from "../../shed-log.ts";
import type { Layer } from "../call/layer.ts";
import { type Call, type Clock, logFactsOf } from "../call.ts";
import type { Protocol } from "../protocol/protocol.ts";
import { retryAfterMs } from "../upstream/dispatch/retry-after.ts";

interface Waiter extends QueuedCall {
  readonly settle: (isNext: boolean) => void;
}

const NEVER_ENDING_MS = 3_600_000; // a call without a deadline is not counted for longer

/** Counts calls in flight: one scope for the isolate, and one for each route, which its RPC and REST pipelines share. */
export class ConcurrencyScope {
  readonly name: string;
  readonly policy: ConcurrencyPolicy;
  readonly limiter: ConcurrencyLimiter;
  readonly queue: WaitQueue<Waiter>;
  readonly log = shedLog();

  constructor(name: string, policy: ConcurrencyPolicy) {
    this.name = name;
    this.policy = policy;
    this.limiter = new ConcurrencyLimiter(policy);
    this.queue = new WaitQueue(policy.maxQueued);
  }
}

export function shed(scope: ConcurrencyScope): Layer | undefined {
  const { limiter, policy } = scope;
  if (policy.mode === "off") return undefined;
  return (next) => async (call, attempt) => {
    const { rank } = call;
    const { protocol } = call.outgoing;
    const clock: Clock = attempt ?? call;
    let now = Date.now();
    const key = limiter.needsKey(now) ? keyOf(call) : 0;
    let refusal = limiter.refusal(rank, key, now);
    if (refusal !== undefined && refusal !== "share" && policy.mode === "enforce" && (await waited(scope, clock, rank, now))) {
      now = Date.now();
      refusal = limiter.refusal(rank, key, now);
    }
    if (refusal !== undefined) refuse(scope, call, refusal, rank, now);
    const permit = limiter.begin(now, Math.min(clock.deadlineAt, now + NEVER_ENDING_MS), key);
    try {
      const response = await next(call, attempt);
      end(scope, permit, isEvident(protocol, response));
      return response;
    } catch (error) {
      end(scope, permit, error instanceof Rejected && error.rejection.kind === "deadline_exceeded");
      throw error;
    }
  };
}

/** Whether the time to the response shows the load of the upstream: a failure that comes fast does not. */
function isEvident(protocol: Protocol, { status, headers }: Response): boolean {
  if (status >= 500) return status === 504;
  const grpc = protocol.kind === "grpc_web" ? headers.get("grpc-status") : null;
  return grpc === null || grpc === "0" || grpc === "4";
}

/** Hash of the caller, by which its share of the limit is counted; never 0. */
function keyOf({ caller }: Call): number {
  return hash32(caller.principal ?? caller.network) || 1;
}

/** Waits in the queue. @returns whether a permit became free in time */
async function waited({ queue, policy }: ConcurrencyScope, clock: Clock, rank: Rank, now: number): Promise<boolean> {
  const deadlineAt = Math.min(now + policy.queueMs, clock.deadlineAt);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const waiter = { since: now, deadlineAt, rank, settle: resolve };
  queue.offer(waiter, now)?.settle(false);
  const late = setTimeout(() => resolve(false), Math.max(0, deadlineAt - now)); // calls in flight may take longer than this one can wait
  const isNext = await promise;
  clearTimeout(late);
  if (!isNext) queue.remove(waiter);
  return isNext;
}

function end({ limiter, queue }: ConcurrencyScope, permit: Permit, isEvident: boolean): void {
  const now = Date.now();
  limiter.end(permit, now, isEvident);
  if (queue.size === 0) return;
  const { next, dropped } = queue.next(now);
  next?.settle(true);
  for (const one of dropped) one.settle(false);
}

/** @throws Rejected where the limit is enforced */
function refuse({ name, policy, limiter, log }: ConcurrencyScope, call: Call, refusal: LimiterRefusal, rank: Rank, now: number): void {
  const why = {
    full: `limit of ${limiter.limit} calls in flight is reached`,
    level: `limit of ${limiter.limit} calls in flight leaves no room for ${CRITICALITIES[rank]} calls`,
    share: `caller holds more than its share of ${limiter.limit} calls in flight`,
  }[refusal];
  const isEnforced = policy.mode === "enforce";
  log({ ...logFactsOf(call), point: name, reason: why, enforced: isEnforced }, now);
  if (isEnforced) throw new Rejected({ kind: "overloaded", point: name, reason: why, retryAfterMs: retryAfterMs() });
}
