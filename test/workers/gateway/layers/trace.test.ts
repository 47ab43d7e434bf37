// Names of calls: request ids and traces, through the whole pipeline.
import { expect, it } from "vitest";
import { recordingGateway, rest, unary } from "../../../support/gateway.ts";

it("gives a call without an id a new one, for upstream and caller", async () => {
  const { gateway, last } = recordingGateway();
  const answer = await gateway(unary("GetUser"));
  expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  expect(last().headers.get("x-request-id")).toBe(answer.headers.get("x-request-id"));
  expect(last().headers.get("traceparent")).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
});

it("continues the caller's trace with a span of its own, and keeps its request id", async () => {
  const { gateway, last } = recordingGateway();
  const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const answer = await gateway(unary("GetUser", {}, { traceparent: parent, tracestate: "a=1", "x-request-id": "mine" }));
  expect(answer.headers.get("x-request-id")).toBe("mine");
  expect(last().headers.get("traceparent")).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/);
  expect(last().headers.get("tracestate")).toBe("a=1");
});

it("replaces a request id that is not safe in a log, and drops the state of a trace that it cannot read", async () => {
  const { gateway, last } = recordingGateway();
  const answer = await gateway(unary("GetUser", {}, { "x-request-id": 'a"},{"b', traceparent: "00-no", tracestate: "a=1" }));
  expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  expect(last().headers.has("tracestate")).toBe(false);
});

it("gives refusals an id, too", async () => {
  expect((await recordingGateway().gateway(rest("GET", "/nothing"))).headers.has("x-request-id")).toBe(true);
});
