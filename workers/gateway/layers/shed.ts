// Bounds the calls in flight in a scope: the isolate, or one route. A call above the limit waits a moment or is refused; calls that matter
// less, and calls of a caller that holds too many, are refused first.

import type { LimiterRefusal } from "../../../core/overload/concurrency-limiter.ts";
import type { Rank } from "../../../core/overload/criticality.ts";
import type { Permit } from "../../../core/overload/permits.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { ConcurrencyScope } from "../call/concurrency-scope.ts";
import { recordDelay } from "../call/end/call-delays.ts";
import type { Layer } from "../call/layer.ts";
import { reserveMemory } from "../call/memory.ts";
import type { Call, Clock } from "../call.ts";
import type { Protocol } from "../protocol/protocol.ts";

export const UNRESERVED_CALLS = 1_000; // calls in flight in the isolate
/** Call, headers, promises, and what is read of a response without a reservation. */
export const CALL_BYTES = 8_192;
const NEVER_ENDING_MS = 3_600_000; // a call without a deadline is not counted for longer

/**
 * A call counts until its response begins, once all of it has come: one whose body is sent while it arrives counts as an open stream
 * instead (`open-streams.ts`), since its time depends on its caller.
 *
 * @param unreservedCalls calls in flight from which on each reserves memory for itself; below them, it would cost every call a little
 */
export function shed(scope: ConcurrencyScope, unreservedCalls = Number.POSITIVE_INFINITY): Layer | undefined {
  const { limiter, policy } = scope;
  if (policy.mode === "off") return undefined;
  return (next) => async (call, attempt) => {
    if (call.upload !== undefined) return next(call, attempt);
    const { rank } = call;
    const { protocol } = call.outgoing;
    const clock: Clock = attempt ?? call;
    let now = Date.now();
    let refusal = limiter.refusal(rank, call, now);
    if (refusal !== undefined && mayWait(scope, call, refusal) && (await waited(scope, clock, rank, now))) {
      now = Date.now();
      refusal = limiter.refusal(rank, call, now);
      if (refusal !== undefined) wakeNext(scope, now); // what is free is for another caller
    }
    call.trace?.note("shed", { scope: scope.name, ...scope.numbers(), inFlight: limiter.inFlight(now), limit: limiter.limit });
    if (refusal === undefined) scope.calls.allowed(call);
    else scope.refuse(call, "calls in flight", refusal, now);
    const held = limiter.inFlight(now) >= unreservedCalls ? reserveMemory(call, CALL_BYTES) : undefined;
    const permit = limiter.begin(now, Math.min(clock.deadlineAt, now + NEVER_ENDING_MS), call);
    try {
      const response = await next(call, attempt);
      end(scope, permit, isEvident(protocol, response));
      return response;
    } catch (error) {
      end(scope, permit, error instanceof Rejected && error.rejection.kind === "deadline_exceeded");
      throw error;
    } finally {
      held?.release();
    }
  };
}

/** Whether the time to the response shows the load of the upstream: a failure that comes fast does not. */
function isEvident(protocol: Protocol, { status, headers }: Response): boolean {
  if (status >= 500) return status === 504;
  const grpc = protocol.kind === "grpc_web" ? headers.get("grpc-status") : null;
  return grpc === null || grpc === "0" || grpc === "4";
}

/** A caller that holds its share may not fill the queue, and a call that would not be refused does not wait. */
function mayWait({ policy, queue, calls }: ConcurrencyScope, call: Call, refusal: LimiterRefusal): boolean {
  return calls.isEnforcedFor(call) && (refusal !== "share" || queue.size < policy.maxQueued / 2);
}

/** Waits in the queue. @returns whether a permit became free in time */
async function waited({ queue, policy }: ConcurrencyScope, clock: Clock, rank: Rank, now: number): Promise<boolean> {
  const deadlineAt = Math.min(now + policy.queueMs, clock.deadlineAt);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const waiter = { since: now, deadlineAt, rank, settle: resolve };
  queue.offer(waiter, now)?.settle(false);
  const late = setTimeout(() => resolve(false), Math.max(0, deadlineAt - now)); // calls in flight may take longer than this one can wait
  const isNext = await promise;
  recordDelay("permit", now);
  clearTimeout(late);
  if (!isNext) queue.remove(waiter);
  return isNext;
}

function end(scope: ConcurrencyScope, permit: Permit, isEvident: boolean): void {
  const now = Date.now();
  scope.limiter.end(permit, now, isEvident);
  wakeNext(scope, now);
}

function wakeNext({ queue }: ConcurrencyScope, now: number): void {
  if (queue.size === 0) return;
  const { next, dropped } = queue.next(now);
  next?.settle(true);
  for (const one of dropped) one.settle(false);
}
