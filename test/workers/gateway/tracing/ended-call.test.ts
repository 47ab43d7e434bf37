import { expect, it } from "vitest";
import { NO_ROUTE } from "../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../workers/gateway/call.ts";
import { REST } from "../../../../workers/gateway/protocol/protocol.ts";
import { CallSampling } from "../../../../workers/gateway/tracing/call-sampling.ts";
import { endedCall, rpcOf } from "../../../../workers/gateway/tracing/ended-call.ts";

const route = { method: {} as never };

it.each([
  [{ protocol: REST, route: NO_ROUTE }, ""],
  [{ protocol: REST, route }, "connectrpc"],
  [{ protocol: { kind: "connect_unary" }, route }, "connectrpc"],
  [{ protocol: { kind: "grpc_web", contentType: "application/grpc-web" }, route }, "grpc"],
] as const)("names the system of %j %j", (call, system) => {
  expect(rpcOf(call as never)).toBe(system);
});

it("has the ids of the span that the upstream has got, or would have got", () => {
  const request = new Request("https://gateway.example/x");
  const call = new Call(request, REST, NO_ROUTE, "/x", "", 1_000);
  call.sampling = new CallSampling({ traceId: "a".repeat(32), parentId: "b".repeat(16), flags: "01" }, true);
  const ended = endedCall(call, 404, 1_020);
  expect(call.outgoing.headers.get("traceparent")).toBe(`00-${ended.traceId}-${ended.spanId}-01`);
  expect(ended).toMatchObject({ parentId: "b".repeat(16), startMs: 1_000, endMs: 1_020, status: 404, sentMs: -1, httpMethod: "GET" });
});
