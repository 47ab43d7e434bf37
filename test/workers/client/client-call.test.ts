// The facts of a client's call.
import { createContextValues, createHandlerContext } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { CRITICAL, MOST_CRITICAL } from "../../../core/overload/criticality.ts";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import type { UploadState } from "../../../workers/call/outbound-call.ts";
import { type CallFacts, ClientCall } from "../../../workers/client/client-call.ts";

const { getUser, createUser, updateUser } = UserService.method;
const values = createContextValues();
const context = { service: UserService, protocolName: "connect", requestMethod: "POST", url: "http://x", contextValues: values };
const during = createHandlerContext({ ...context, method: getUser });

function callOf(
  method: CallFacts["method"],
  headers: Record<string, string> = {},
  timeoutMs?: number,
  signal?: AbortSignal,
  upload?: UploadState,
) {
  const facts: CallFacts = {
    method,
    during,
    key: "",
    isGrpcWeb: false,
    isJson: false,
    isRaw: false,
    maxBytes: 10,
    prepare: () => undefined,
  };
  const sent = { method: "POST", path: "/users.v1.UserService/GetUser", query: "", headers: new Headers(headers), body: null };
  return new ClientCall(facts, timeoutMs, sent, signal, upload);
}

it.each([
  ["GetUser", getUser, {}, true, true],
  ["CreateUser", createUser, {}, true, false],
  ["UpdateUser", updateUser, {}, false, false],
  ["UpdateUser with a key", updateUser, { "idempotency-key": '"k"' }, true, false],
] as const)("of %s: may it be repeated, and hedged", (_, method, headers, isIdempotent, hasNoSideEffects) => {
  const call = callOf(method, headers);
  expect([call.isIdempotent, call.hasNoSideEffects]).toEqual([isIdempotent, hasNoSideEffects]);
});

it("has the deadline of its timeout, and the criticality of its header", () => {
  const call = callOf(getUser, { "tidegate-criticality": "critical_plus" }, 500);
  expect([call.deadlineAt - call.receivedAt, call.rank]).toEqual([500, MOST_CRITICAL]);
  expect([callOf(getUser).deadlineAt, callOf(getUser, { "tidegate-criticality": "x" }).rank]).toEqual([Number.POSITIVE_INFINITY, CRITICAL]);
});

it("ends with its signal", () => {
  const own = new AbortController();
  const upload: UploadState = { failure: undefined, awaitsCaller: true };
  const call = callOf(getUser, {}, undefined, own.signal, upload);
  expect([call.sendSignal, call.upload, callOf(getUser).sendSignal]).toEqual([own.signal, upload, null]);
});

it("names its hop", () => {
  expect(callOf(getUser).hopTo(true)).toEqual({ service: "users.v1.UserService", method: "GetUser", isBinding: true, during });
});
