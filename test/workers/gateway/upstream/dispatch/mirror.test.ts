import { afterEach, expect, it, vi } from "vitest";
import { httpRoute } from "../../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../../workers/gateway/call.ts";
import { sendCopy } from "../../../../../workers/gateway/upstream/dispatch/mirror.ts";
import { fixedUpstream } from "../../../../../workers/gateway/upstream/fixed-upstream.ts";

afterEach(() => vi.restoreAllMocks());

function callWithBody(): Call {
  const request = new Request("https://gateway.example/a?b=c", { method: "POST", headers: { "x-own": "kept" } });
  const call = new Call(request, { kind: "rest" }, httpRoute("/a", { maxBodyBytes: 1_000 }, undefined), "/a", "?b=c", 0);
  call.id = "id-1";
  call.outgoing.body = Uint8Array.from(new TextEncoder().encode("whole"));
  return call;
}

it("sends the whole request, marked as a copy, and leaves the headers of the call alone", async () => {
  const sent: Request[] = [];
  const fetch = (url: string, init: RequestInit) => {
    sent.push(new Request(url, init));
    return Promise.resolve(new Response("discarded"));
  };
  const call = callWithBody();
  await sendCopy(fixedUpstream("mirror", { base: "https://mirror.internal", fetch }), call);
  const [copy] = sent;
  expect([copy!.url, copy!.method, await copy!.text()]).toEqual(["https://mirror.internal/a?b=c", "POST", "whole"]);
  expect([copy!.headers.get("x-tidegate-mirror"), copy!.headers.get("x-own")]).toEqual(["1", "kept"]);
  expect(call.outgoing.headers.has("x-tidegate-mirror")).toBe(false);
});

it("logs a copy that fails, and does not reject", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const fetch = () => Promise.reject(new Error("down"));
  await sendCopy(fixedUpstream("mirror", { base: "https://mirror.internal", fetch }), callWithBody());
  expect(JSON.parse(String(warn.mock.calls[0]![0]))).toEqual({
    level: "warn",
    event: "mirror_failed",
    requestId: "id-1",
    route: "/a",
    upstream: "mirror",
    error: "Error: down",
  });
});
