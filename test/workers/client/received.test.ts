// Responses that Connect does not handle in Workers.
import { Code } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { headersFor, lateError, redirectError, sendInit } from "../../../workers/client/received.ts";

const timed = new Headers({ "connect-timeout-ms": "100" });

it("takes a redirect for a service that can't be reached", () => {
  expect(redirectError(new Response(null, { status: 302 }))?.code).toBe(Code.Unavailable);
  expect(redirectError({ status: 0, type: "opaqueredirect" } as unknown as Response)?.code).toBe(Code.Unavailable); // a browser's
  expect([redirectError(new Response(null, { status: 304 })), redirectError(new Response())]).toEqual([undefined, undefined]);
});

it("takes a 504 without its body for a passed deadline, where the call has one", () => {
  expect(lateError(new Response("error code: 504", { status: 504 }), timed)?.code).toBe(Code.DeadlineExceeded);
  expect(lateError(new Response(null, { status: 504 }), new Headers())).toBeUndefined();
  expect(lateError(Response.json({}, { status: 504 }), timed)).toBeUndefined();
});

it("removes headers of a compressed body that the platform has decompressed", () => {
  const response = new Response("a", { headers: { "content-encoding": "gzip", "content-length": "99", "x-a": "1" } });
  expect([...headersFor(response, false)].map(([name]) => name).filter((name) => name !== "content-type")).toEqual(["x-a"]);
  expect([headersFor(response, true), sendInit(true)]).toEqual([response.headers, { redirect: "manual", encodeResponseBody: "manual" }]);
});
