// What is recorded of responses that the gateway makes, and what their callers read of it.
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { publicReasonOf, reasonOf } from "../../../../core/reasons.ts";
import type { Rejection } from "../../../../core/rejection.ts";
import { brokenOff, madeHere, refused, refusedAs } from "../../../../workers/gateway/call/outcome.ts";
import { NO_ROUTE } from "../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../workers/gateway/call.ts";
import type { Protocol } from "../../../../workers/gateway/protocol/protocol.ts";
import { rejectionsByReason } from "../../../support/rejections.ts";

const PROTOCOLS: readonly Protocol[] = [
  { kind: "connect_unary" },
  { kind: "connect_stream", contentType: "application/connect+json" },
  { kind: "grpc_web", contentType: "application/grpc-web" },
  { kind: "rest" },
];

function callIn(protocol: Protocol): Call {
  return new Call(new Request("https://api.example/x"), protocol, NO_ROUTE, "/x", "", 0);
}

describe.each(PROTOCOLS)("a refusal in $kind", (protocol) => {
  it.each(Object.entries(rejectionsByReason) as [string, Rejection][])(
    "for %s has the reason in its header and in the call",
    (_, rejection) => {
      const call = callIn(protocol);
      const { headers } = refused(call, rejection);
      expect([headers.get("tidegate-reason"), call.reason]).toEqual([publicReasonOf(rejection), reasonOf(rejection)]);
      expect(call.code).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
    },
  );

  it("for a fault of the gateway has a reason, too", () => {
    const call = callIn(protocol);
    expect(refused(call, undefined).headers.get("tidegate-reason")).toBe("internal");
    expect([call.reason, call.code]).toEqual(["internal", "internal"]);
  });
});

it("has the code that its caller reads: REST has some of its own", () => {
  const codeIn = (protocol: Protocol): string => {
    const call = callIn(protocol);
    refused(call, { kind: "url_too_long", maxBytes: 10 });
    return call.code;
  };
  expect([codeIn({ kind: "rest" }), codeIn({ kind: "connect_unary" })]).toEqual(["invalid_argument", "resource_exhausted"]);
});

it("may be written in the protocol of a layer", () => {
  const call = callIn({ kind: "rest" });
  const response = refusedAs(
    call,
    { error: new ConnectError("no", Code.Aborted), reason: "stream_unsupported" },
    { kind: "connect_unary" },
  );
  expect([response.status, response.headers.get("tidegate-reason"), call.reason]).toEqual([
    409,
    "stream_unsupported",
    "stream_unsupported",
  ]);
});

it("of a stream that has begun is recorded, and in the metadata of the error that ends it", () => {
  const call = callIn({ kind: "connect_unary" });
  const error = brokenOff(call, { kind: "stream_broken", problem: "was late", isLate: true });
  expect([call.reason, call.code, error.metadata.get("tidegate-reason")]).toEqual(["stream_late", "deadline_exceeded", "stream_late"]);
});

it("names the reason of other responses that the gateway makes; their code is that of the response", () => {
  const call = callIn({ kind: "connect_unary" });
  const response = madeHere(call, "static_response", new Response("{}"));
  expect([call.reason, call.code, response.headers.get("tidegate-reason")]).toEqual(["static_response", "", "static_response"]);
});
