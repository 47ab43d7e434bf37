import { describe, expect, it } from "vitest";
import { isFault, type SpannedCall, spansOf } from "../../../core/tracing/call-spans.ts";

const CALL: SpannedCall = {
  traceId: "a".repeat(32),
  spanId: "b".repeat(16),
  parentId: "",
  rpc: "connectrpc",
  route: "users.v1.UserService/GetUser",
  template: "",
  httpMethod: "POST",
  status: 200,
  code: "ok",
  reason: "",
  requestId: "r1",
  region: "weur",
  cache: "",
  upstream: "users.v1.UserService",
  endpoint: "USERS",
  attempts: 1,
  startMs: 1_000,
  endMs: 1_050,
  sentMs: 5,
};
let last = 0;
const newSpanId = (): string => {
  last += 1;
  return String(last).padStart(16, "0");
};

describe("spansOf", () => {
  it("makes one span of a call that was not sampled at its beginning", () => {
    expect(spansOf({ ...CALL, parentId: "c".repeat(16) }, newSpanId)).toEqual([
      {
        ...{ traceId: CALL.traceId, spanId: CALL.spanId, parentId: "c".repeat(16) },
        ...{ name: "users.v1.UserService/GetUser", kind: "server", startMs: 1_000, endMs: 1_050 },
        attributes: {
          "http.request.method": "POST",
          "http.response.status_code": 200,
          "rpc.system.name": "connectrpc",
          "rpc.method": "users.v1.UserService/GetUser",
          "tidegate.request_id": "r1",
          "cloud.region": "weur",
          "tidegate.upstream": "users.v1.UserService",
          "server.address": "USERS",
          "tidegate.attempts": 1,
        },
      },
    ]);
  });

  it("adds what a sampled call has waited for, and each attempt", () => {
    const attempt = { upstream: "users", endpoint: "A", startMs: 1_005, endMs: 1_020, hasFailed: true };
    const times = [attempt, { ...attempt, endpoint: "B", startMs: 1_021, endMs: undefined, hasFailed: false }];
    const [own, before, first, second] = spansOf({ ...CALL, times, attempts: 2 }, newSpanId);
    expect(before).toMatchObject({
      name: "before the first attempt",
      kind: "internal",
      startMs: 1_000,
      endMs: 1_005,
      parentId: own!.spanId,
    });
    expect(first).toMatchObject({
      kind: "client",
      startMs: 1_005,
      endMs: 1_020,
      error: "",
      attributes: { "server.address": "A", "tidegate.attempt": 1 },
    });
    expect(second).toMatchObject({
      kind: "client",
      startMs: 1_021,
      endMs: 1_050,
      attributes: { "server.address": "B", "tidegate.attempt": 2 },
    });
    expect(second).not.toHaveProperty("error");
    expect(new Set([own, before, first, second].map((span) => span!.spanId)).size).toBe(4);
  });

  it.each([
    [
      { code: "unavailable", status: 503, reason: "breaker_open" },
      { "error.type": "unavailable", "rpc.response.status_code": "unavailable", "tidegate.reason": "breaker_open" },
      "breaker_open",
    ],
    [{ code: "internal", status: 500 }, { "error.type": "internal" }, ""],
    [
      { rpc: "grpc", code: "deadline_exceeded" },
      { "error.type": "deadline_exceeded", "rpc.response.status_code": "DEADLINE_EXCEEDED" },
      "",
    ],
    [{ rpc: "", route: "/files/", status: 502, code: "unavailable" }, { "error.type": "502", "http.route": "/files/" }, ""],
  ] as const)("says what is wrong with %j", (change, attributes, error) => {
    const [span] = spansOf({ ...CALL, ...change }, newSpanId);
    expect(span).toMatchObject({ attributes, error });
  });

  it.each([
    [{ code: "resource_exhausted", status: 429, reason: "rate_limited" }, { "rpc.response.status_code": "resource_exhausted" }],
    [{ rpc: "grpc" }, { "rpc.response.status_code": "OK", "rpc.system.name": "grpc" }],
    [{ rpc: "", route: "/files/", status: 404, code: "not_found" }, { "http.route": "/files/" }],
    [
      { template: "/v1/users/{id}", httpMethod: "GET" },
      { "http.route": "/v1/users/{id}", "rpc.method": "users.v1.UserService/GetUser" },
    ],
    [{ cache: "l1", attempts: 0, upstream: "", endpoint: "" }, { "tidegate.cache": "l1" }],
  ] as const)("has no error of the server for %j", (change, attributes) => {
    const [span] = spansOf({ ...CALL, ...change }, newSpanId);
    expect(span).toMatchObject({ attributes });
    expect(span).not.toHaveProperty("error");
    expect(span!.attributes).not.toHaveProperty("error.type");
  });

  it("has no attribute of RPC, nor of an upstream, for plain HTTP that was sent to none", () => {
    const call: SpannedCall = { ...CALL, rpc: "", route: "/files/", upstream: "", endpoint: "", attempts: 0 };
    expect(spansOf(call, newSpanId)[0]!.attributes).toEqual({
      "http.request.method": "POST",
      "http.response.status_code": 200,
      "http.route": "/files/",
      "tidegate.request_id": "r1",
      "cloud.region": "weur",
    });
  });

  it.each([
    [{ rpc: "", route: "/files/" }, "POST /files/"],
    [{ rpc: "", route: "" }, "POST"],
    [{}, "users.v1.UserService/GetUser"],
  ] as const)("names the span of %j %s", (change, name) => {
    expect(spansOf({ ...CALL, ...change }, newSpanId)[0]!.name).toBe(name);
  });

  it("knows a fault by the code, and of plain HTTP by the status", () => {
    expect(isFault({ rpc: "connectrpc", code: "unknown", status: 200 })).toBe(true);
    expect(isFault({ rpc: "connectrpc", code: "not_found", status: 404 })).toBe(false);
    expect(isFault({ rpc: "", code: "ok", status: 500 })).toBe(true);
  });
});
