// A call: facts that are derived once, its signals, and the calls that the cache makes for it.
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { GetUserRequestSchema, UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { rpcRoute } from "../../../workers/gateway/call/route.ts";
import { Call, logFactsOf } from "../../../workers/gateway/call.ts";
import { CONNECT_UNARY } from "../../../workers/gateway/protocol/protocol.ts";
import { principalNamed } from "../../support/callers.ts";

const ROUTE = rpcRoute(UserService.method.getUser, { maxBodyBytes: 1_000, maxMessageElements: 1_000 });

const bytesOf = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;

function callWith(headers: Record<string, string> = {}, body: string | null = null): Call {
  const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body };
  const call = new Call(new Request(`https://gateway.example${ROUTE.path}`, init), CONNECT_UNARY, ROUTE, ROUTE.path, "", Date.now());
  call.outgoing.body = body === null ? null : bytesOf(body);
  return call;
}

it("names where it comes from by headers that are read once", () => {
  const call = callWith({ "cf-connecting-ip": "2001:db8::7" });
  const { caller } = call;
  expect([caller.address, caller.network, call.principal]).toEqual(["2001:db8::7", "2001:db8:0:0::/64", undefined]);
  expect(call.caller).toBe(caller);
});

it("has the facts by which log records name it", () => {
  const call = callWith();
  call.id = "r-1";
  expect(logFactsOf(call)).toEqual({ requestId: "r-1", route: "users.v1.UserService/GetUser" });
});

describe("the message", () => {
  it("is the same object each time, and is not decoded again when the body changes", () => {
    const call = callWith({}, '{"id":"a"}');
    const message = call.message();
    expect(message).toMatchObject({ id: "a" });
    call.outgoing.body = bytesOf('{"id":"b"}');
    expect(call.message()).toBe(message);
  });

  it("is the one that a transcoder has set", () => {
    const call = callWith({}, '{"id":"a"}');
    const message = create(GetUserRequestSchema, { id: "b" });
    call.setMessage(message);
    expect(call.message()).toBe(message);
  });

  it("is missing where it cannot be decoded, with the refusal", () => {
    const broken = callWith({}, "{");
    expect(broken.message()).toBeUndefined();
    expect(broken.decoded()).toMatchObject({ kind: "unreadable", rejection: { kind: "invalid_request" } });
    expect(broken.decoded()).toBe(broken.decoded());
  });

  it("is decoded from bytes by the content type", () => {
    const call = callWith({ "content-type": "application/proto" });
    call.outgoing.body = toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { id: "a" })) as Uint8Array<ArrayBuffer>;
    expect(call.message()).toMatchObject({ id: "a" });
  });
});

describe("the signal", () => {
  it("exists from the deadline on, once, and ends the call as late", async () => {
    const call = callWith();
    expect([call.signal, call.endedBy]).toEqual([null, undefined]);
    call.deadlineAt = Date.now() + 20;
    expect(call.endedBy).toBeUndefined(); // nothing waits for the signal yet
    const { signal } = call;
    expect(call.signal).toBe(signal);
    await new Promise((resolve) => signal!.addEventListener("abort", resolve));
    expect(call.endedBy).toBe("deadline");
  });

  it("of an upload ends what is sent, and not the call", () => {
    const call = callWith();
    call.deadlineAt = Date.now() + 60_000;
    expect(call.sendSignal).toBe(call.signal);
    const broken = new AbortController();
    call.upload = { failure: undefined, isOver: false, awaitsCaller: false, signal: broken.signal };
    broken.abort();
    expect([call.sendSignal?.aborted, call.signal?.aborted]).toEqual([true, false]);
  });
});

it("makes a call for the cache with the same id, route and caller, and a clock and a request of its own", () => {
  const call = callWith();
  call.principal = principalNamed("ada");
  call.id = "r-1";
  call.rank = 3;
  call.deadlineAt = 5;
  const clock = { receivedAt: 10, deadlineAt: 20, signal: new AbortController().signal };
  const headers = new Headers({ "x-a": "b" });
  const fetch = call.forCache({ method: "POST", path: "/x", query: "?q", headers, body: null, isShared: true }, { kind: "rest" }, clock);
  expect([fetch.id, fetch.route, fetch.rank, fetch.principal?.id, fetch.isShared]).toEqual(["r-1", ROUTE, 3, "ada", true]);
  expect([fetch.receivedAt, fetch.deadlineAt, fetch.signal, fetch.protocol.kind]).toEqual([10, 20, clock.signal, "rest"]);
  expect([fetch.outgoing.path, fetch.outgoing.query, fetch.outgoing.headers]).toEqual(["/x", "?q", headers]);
  expect([call.deadlineAt, call.outgoing.path]).toEqual([5, ROUTE.path]);
});
