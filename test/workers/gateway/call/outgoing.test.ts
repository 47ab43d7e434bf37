// The headers of the request that is sent: made once, on first use, with the request id and a span of the gateway's own.
import { expect, it } from "vitest";
import { httpCall } from "../../../support/cache-lookup.ts";

const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

it("has the id that the call has when they are first used, and stays one object", () => {
  const call = httpCall("/a", { headers: { "x-request-id": "evil", "x-a": "b" } });
  call.id = "r-1";
  const { headers } = call.outgoing;
  call.id = "r-2";
  expect([headers.get("x-request-id"), headers.get("x-a")]).toEqual(["r-1", "b"]);
  expect(call.outgoing.headers).toBe(headers);
});

it("continues the caller's trace with another span, and drops vendor data of a trace that it begins", () => {
  const continued = httpCall("/a", { headers: { traceparent: PARENT, tracestate: "a=1" } }).outgoing.headers;
  expect(continued.get("traceparent")).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/);
  expect(continued.get("tracestate")).toBe("a=1");
  expect(httpCall("/a", { headers: { tracestate: "a=1" } }).outgoing.headers.has("tracestate")).toBe(false);
});

it("sends no body with GET and HEAD, which the runtime refuses to send, and the body of every other method", () => {
  const sent = (method: string): unknown => {
    const { outgoing } = httpCall("/a", { method: "POST", body: "a" });
    outgoing.method = method;
    outgoing.body = new Uint8Array(1);
    return outgoing.sentBody;
  };
  expect([sent("GET"), sent("HEAD")]).toEqual([null, null]);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) expect(sent(method)).toEqual(new Uint8Array(1));
});
