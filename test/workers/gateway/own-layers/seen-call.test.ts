// What a team's own layer sees of a call at each place, and which headers it may write.
import { describe, expect, it } from "vitest";
import { httpRoute } from "../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../workers/gateway/call.ts";
import { SeenCall } from "../../../../workers/gateway/own-layers/seen-call.ts";
import { REST } from "../../../../workers/gateway/protocol/protocol.ts";

function httpCall(): Call {
  const request = new Request("https://gateway.example/a/%2e%41?b=1", { headers: { "x-a": "1", "cf-connecting-ip": "192.0.2.1" } });
  return new Call(request, REST, httpRoute("/a/", { maxBodyBytes: 1 }), "/a/.A", "?b=1", 0);
}

const seenAt = (call: Call) => new SeenCall(call, { at: "after_auth", needsMessage: false, rest: undefined });

describe("a seen call", () => {
  it("has the path as it is canonical, also after a layer below has changed what is sent", () => {
    const call = httpCall();
    const seen = seenAt(call);
    call.outgoing.path = "/changed";
    call.outgoing.query = "";
    expect([seen.protocol, seen.path, seen.query, seen.headers.get("x-a"), seen.address]).toEqual([
      "http",
      "/a/.A",
      "?b=1",
      "1",
      "192.0.2.1",
    ]);
  });

  it("writes, adds and removes headers of the request for the upstream", () => {
    const { upstream } = seenAt(httpCall());
    upstream.set("x-b", "1");
    upstream.add("x-b", "2");
    upstream.remove("x-a");
    expect([upstream.get("x-b"), upstream.get("x-a")]).toEqual(["1, 2", null]);
  });

  it.each(["Host", "content-length", "connect-timeout-ms", "tidegate-identity", "traceparent", "x-forwarded-for", "a b", ""])(
    "does not write %j",
    (name) => {
      const { upstream } = seenAt(httpCall());
      expect(() => upstream.set(name, "1")).toThrow(TypeError);
      expect(() => upstream.remove(name)).toThrow(TypeError);
    },
  );

  it.each(["", "a\n", " a", "caf\u00e9", "x".repeat(8_193)])("does not send the value %j", (value) => {
    expect(() => seenAt(httpCall()).upstream.add("x-a", value)).toThrow(/visible ASCII/);
  });

  it("has no message on plain HTTP", () => {
    const seen = new SeenCall(httpCall(), { at: "before_cache", needsMessage: true, rest: undefined });
    expect(seen.message()).toBeUndefined();
    expect(() => seen.respond({})).toThrow(/plain HTTP; return a Response/);
  });
});
