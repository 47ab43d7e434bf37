// Memory that a call reserves of its isolate's budget, before it is used.
import type { BudgetRefusal, ByteBudget, Reservation } from "../../../core/overload/byte-budget.ts";
import { Rejected } from "../../../core/rejection.ts";
import { retryAfterMs } from "../../call/retry-after.ts";
import type { Call } from "../call.ts";

/** The limit that a refusal for lack of memory names. */
export const MEMORY = "memory";
const MAX_RESERVED_MS = 3_600_000; // a call without a deadline reserves for this time

/**
 * The reservation ends when it is released, and at the deadline of the call at the latest: the code that releases it may never run.
 *
 * @param bytes that the call will hold; where their number is not known, `resizeReservation` adds those that come
 * @throws Rejected `overloaded` where the isolate, or the caller's share of it, has no such room
 */
export function reserveMemory(call: Call, bytes: number): Reservation {
  const now = Date.now();
  const { memory } = call.route;
  const reserved = memory.reserve(bytes, call, Math.min(call.deadlineAt, now + MAX_RESERVED_MS), now);
  if (typeof reserved === "string") throw refused(reserved, memory);
  return reserved;
}

/** @param bytes in all @throws Rejected `overloaded`; the reservation is then as before */
export function resizeReservation({ route: { memory } }: Call, reservation: Reservation, bytes: number): void {
  const refusal = reservation.resize(bytes, Date.now());
  if (refusal !== undefined) throw refused(refusal, memory);
}

/** Reserves memory for the response of the call, until the call has ended. @param bytes of it in all, as far as they are known @throws as `reserveMemory` */
export function reserveResponse(call: Call, bytes: number): void {
  if (call.held === undefined) call.held = reserveMemory(call, bytes);
  else if (bytes > call.held.amount) resizeReservation(call, call.held, bytes);
}

function refused(refusal: BudgetRefusal, { maxBytes, callerMaxBytes }: ByteBudget): Rejected {
  const reason = {
    budget: `memory budget of the isolate (${maxBytes} bytes) is used up`,
    share: `caller holds its share (${callerMaxBytes} bytes) of the memory budget`,
  }[refusal];
  return new Rejected({
    kind: "overloaded",
    limit: refusal === "share" ? "share" : "memory",
    point: MEMORY,
    reason,
    retryAfterMs: retryAfterMs(),
  });
}
