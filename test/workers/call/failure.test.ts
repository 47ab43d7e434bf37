import { expect, it } from "vitest";
import { Rejected, type Rejection } from "../../../core/rejection.ts";
import { failureOf, failureOfError, isDown, pushbackMsOf } from "../../../workers/call/failure.ts";

it.each([
  [200, undefined],
  [404, undefined],
  [408, "deadline_exceeded"],
  [409, "aborted"],
  [429, "resource_exhausted"],
  [500, "internal"],
  [501, undefined],
  [502, "unavailable"],
  [503, "unavailable"],
  [504, "deadline_exceeded"],
  [519, undefined],
  [520, "unavailable"],
  [527, "unavailable"],
  [528, undefined],
])("reads status %d as %s", (status, code) => expect(failureOf(new Response(null, { status }))?.code).toBe(code));

it.each([
  ["0", undefined],
  ["2", "unknown"],
  ["3", undefined],
  ["4", "deadline_exceeded"],
  ["8", "resource_exhausted"],
  ["10", "aborted"],
  ["13", "internal"],
  ["14", "unavailable"],
  ["15", "data_loss"],
])("reads grpc-status %s of a response that has only trailers as %s, whatever its status", (grpcStatus, code) => {
  expect(failureOf(new Response(null, { status: 503, headers: { "grpc-status": grpcStatus } }))?.code).toBe(code);
});

it.each([
  [{}, undefined],
  [{ "retry-after": "2" }, 2_000],
  [{ "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }, 0],
  [{ "retry-after": "Wed, 21 Oct 2126 07:28:00 GMT" }, 3_600_000],
  [{ "retry-after": "3, 3" }, undefined],
  [{ "grpc-retry-pushback-ms": "250", "retry-after": "2" }, 250],
  [{ "grpc-retry-pushback-ms": "-1" }, -1],
  [{ "grpc-retry-pushback-ms": "soon" }, -1],
])("reads the pushback of %j as %s", (headers, ms) => expect(pushbackMsOf(new Headers(headers))).toBe(ms));

it("takes the pushback of a failed response over", () => {
  expect(failureOf(new Response(null, { status: 503, headers: { "retry-after": "3" } }))).toEqual({
    code: "unavailable",
    wasSent: true,
    pushbackMs: 3_000,
  });
});

const invalid = { kind: "upstream_invalid", upstream: "u", code: "internal", problem: "sent HTML" } as const;
it.each([
  [{ kind: "upstream_unreachable", upstream: "u", wasSent: true }, ["unavailable", true, undefined]],
  [{ kind: "upstream_unreachable", upstream: "u", wasSent: false }, ["unavailable", false, undefined]],
  [{ kind: "breaker_open", upstream: "u", retryAfterMs: 5 }, ["unavailable", false, undefined]],
  [{ kind: "no_endpoint", upstream: "u", isFull: true }, ["unavailable", false, undefined]],
  [{ ...invalid, countsAsFailure: true, pushbackMs: 7 }, ["unavailable", true, 7]],
  [{ ...invalid, countsAsFailure: false }, undefined],
  [{ kind: "deadline_exceeded", timeoutMs: 5 }, ["deadline_exceeded", true, undefined]],
  [{ kind: "body_too_large", maxBytes: 5 }, undefined],
  [{ kind: "overloaded", point: "isolate", reason: "full", retryAfterMs: 5 }, undefined],
] as unknown as [Rejection, [string, boolean, number | undefined] | undefined][])("reads the rejection %j as %j", (rejection, expected) => {
  const failure = failureOfError(new Rejected(rejection));
  expect(failure && [failure.code, failure.wasSent, failure.pushbackMs]).toEqual(expected);
});

it("reads nothing from an error that is no rejection", () => expect(failureOfError(new Error("down"))).toBeUndefined());

it.each([
  ["unavailable", true],
  ["deadline_exceeded", true],
  ["internal", false],
  ["resource_exhausted", false],
])("takes an upstream that fails with %s for down: %s", (code, down) => {
  expect(isDown({ code, wasSent: true, pushbackMs: undefined })).toBe(down);
});
