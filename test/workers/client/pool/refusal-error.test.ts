// Errors that callers of a client get where a call was not sent, or no response came.
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { Rejected, type Rejection } from "../../../../core/rejection.ts";
import { errorOf } from "../../../../workers/client/pool/refusal-error.ts";

it.each<[Rejection, Code, string]>([
  [{ kind: "upstream_unreachable", upstream: "users", wasSent: true }, Code.Unavailable, "service can't be reached"],
  [
    { kind: "breaker_open", upstream: "users", retryAfterMs: 1_200 },
    Code.Unavailable,
    "service users is failing and gets no calls for a while",
  ],
  [{ kind: "no_endpoint", upstream: "users", isFull: true }, Code.Unavailable, "service users has no endpoint that takes more calls"],
  [{ kind: "no_endpoint", upstream: "users", isFull: false }, Code.Unavailable, "service users has no endpoint"],
  [
    { kind: "overloaded", limit: "throttle", point: "throttle users", reason: "the upstream refuses most calls", retryAfterMs: 1_000 },
    Code.Unavailable,
    "overloaded (throttle users): the upstream refuses most calls",
  ],
  [{ kind: "deadline_exceeded", stage: "attempt", timeoutMs: 40 }, Code.DeadlineExceeded, "no response within 40 ms"],
  [
    {
      kind: "upstream_invalid",
      upstream: "users",
      fault: "truncated",
      problem: "closed early",
      code: "unavailable",
      countsAsFailure: true,
    },
    Code.Unavailable,
    "service closed early",
  ],
])("of %j", (rejection, code, message) => {
  const error = errorOf(new Rejected(rejection), false) as ConnectError;
  expect([error.code, error.rawMessage, error.metadata.get("grpc-retry-pushback-ms")]).toEqual([code, message, null]);
});

it("say when to try again, and that nobody before it has to", () => {
  const error = errorOf(new Rejected({ kind: "breaker_open", upstream: "users", retryAfterMs: 1_200 }), true) as ConnectError;
  expect([error.metadata.get("retry-after"), error.metadata.get("grpc-retry-pushback-ms")]).toEqual(["2", "-1"]);
});

it("are left as they are where the machinery has not made them", () => {
  const own = new ConnectError("gone", Code.Canceled);
  expect(errorOf(own, true)).toBe(own);
});
