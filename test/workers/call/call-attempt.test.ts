// Attempts of a call: bounds of their own, and signals that end with the call.
import { expect, it } from "vitest";
import { CallAttempt } from "../../../workers/call/call-attempt.ts";
import { httpCall } from "../../support/cache-lookup.ts";

it("has the bounds of its call where it has none of its own", () => {
  const call = httpCall();
  const attempt = new CallAttempt(call);
  expect([attempt.number, attempt.deadlineAt, attempt.maxMs, attempt.budget]).toEqual([
    1,
    call.deadlineAt,
    Number.POSITIVE_INFINITY,
    undefined,
  ]);
  expect(attempt.headers).toBe(call.outgoing.headers);
  expect(attempt.signal).toBe(call.signal);
});

it("keeps its own bounds, headers, and the endpoints that were tried before", () => {
  const call = httpCall();
  const own = new AbortController();
  const headers = new Headers();
  const tried = new Set(["A"]);
  const attempt = new CallAttempt(call, 2, tried, { maxMs: 50, deadlineAt: 7, signal: own.signal }, headers);
  expect([attempt.number, attempt.tried, attempt.maxMs, attempt.deadlineAt, attempt.headers]).toEqual([2, tried, 50, 7, headers]);
  expect(attempt.isEnded).toBe(false);
  own.abort();
  expect([attempt.isEnded, call.signal?.aborted]).toEqual([true, false]);
});

it("is ended where the request body of its call broke off", () => {
  const call = httpCall();
  const attempt = new CallAttempt(call);
  call.upload = { failure: new Error("too large"), isOver: false, awaitsCaller: false, signal: new AbortController().signal };
  expect(attempt.isEnded).toBe(true);
});
