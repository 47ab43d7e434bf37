// Protocols of requests: detected from headers, negotiated with the method, and the form of refusals in each.
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import {
  acceptEncodingOf,
  allowsConnectGet,
  detectProtocol,
  isEnvelopeStream,
  mediaType,
  negotiateProtocol,
  writeRefusal,
} from "../../../../workers/gateway/protocol/protocol.ts";

const { getUser, createUser, watchUsers } = UserService.method;
const request = (method: string, contentType?: string, path = "/"): Request =>
  new Request(`https://gateway.example${path}`, { method, headers: contentType === undefined ? {} : { "content-type": contentType } });

it.each([
  ["POST", "application/grpc-web-text", "/", "grpc_web"],
  ["POST", "Application/Connect+JSON; a=b", "/", "connect_stream"],
  ["POST", "application/proto", "/", "connect_unary"],
  ["POST", "application/json", "/", "rest"],
  ["GET", undefined, "/a?connect=v1&message=x", "connect_unary"],
  ["GET", undefined, "/a?reconnect=v1", "rest"],
])("detects the protocol of %s with %s at %s", (method, contentType, path, kind) => {
  expect(detectProtocol(request(method, contentType, path)).kind).toBe(kind);
});

describe("with a method", () => {
  it.each([
    [getUser, "POST", "application/json", { kind: "connect_unary" }],
    [getUser, "GET", undefined, { kind: "connect_unary" }],
    [watchUsers, "POST", "application/connect+proto", { kind: "connect_stream", contentType: "application/connect+proto" }],
    [getUser, "POST", "application/grpc-web+json", { kind: "grpc_web", contentType: "application/grpc-web+json" }],
  ] as const)("negotiates %s of %s with %s", (method, verb, contentType, protocol) => {
    expect(negotiateProtocol(request(verb, contentType), method)).toEqual(protocol);
  });

  it("refuses methods of HTTP and content types that it does not take", () => {
    const refusalOf = (...args: Parameters<typeof negotiateProtocol>) => (negotiateProtocol(...args) as { refusal: object }).refusal;
    expect(refusalOf(request("GET"), createUser)).toEqual({ kind: "method_not_allowed", method: "GET", allow: ["POST"] });
    expect(refusalOf(request("PUT"), getUser)).toMatchObject({ kind: "method_not_allowed", allow: ["GET", "HEAD", "POST"] });
    expect(refusalOf(request("POST", "application/connect+proto"), getUser)).toMatchObject({ kind: "unsupported_content_type" });
    expect([allowsConnectGet(getUser), allowsConnectGet(createUser), allowsConnectGet(watchUsers)]).toEqual([true, false, false]);
  });
});

it("reads media types, envelopes, and the codings that a caller accepts", () => {
  expect([mediaType(null), mediaType("Text/HTML; a=b"), mediaType("a/b")]).toEqual(["", "text/html", "a/b"]);
  expect(["application/connect+json", "application/grpc-web", "application/json"].map(typed)).toEqual([true, true, false]);
  expect(acceptEncodingOf(request("GET"))).toBe("identity");
  expect(acceptEncodingOf(request("GET"), "gzip")).toBe("gzip");
});

it("does not read `request.cf`, which is parsed anew for each request, where there is no field that the edge may have replaced", () => {
  let reads = 0;
  const received = (headers: Record<string, string>): Request => {
    const edge = () => ({ clientAcceptEncoding: `br, read ${++reads}` });
    return Object.defineProperty(new Request("https://a.example", { headers }), "cf", { get: edge });
  };
  expect([acceptEncodingOf(received({})), reads]).toEqual(["identity", 0]);
  expect([acceptEncodingOf(received({ "accept-encoding": "gzip, br" })), reads]).toEqual(["br, read 1", 1]);
});
const typed = (contentType: string): boolean => isEnvelopeStream(new Headers({ "content-type": contentType }));

describe("a refusal", () => {
  const refusal = { reason: "rate_limited" as const, error: new ConnectError("slow down", Code.ResourceExhausted, { "retry-after": "2" }) };

  it("is JSON with the code's status for unary Connect, and google.rpc.Status for REST", async () => {
    const unary = writeRefusal({ kind: "connect_unary" }, refusal);
    expect([unary.status, unary.headers.get("content-type"), unary.headers.get("retry-after")]).toEqual([429, "application/json", "2"]);
    expect(await unary.json()).toEqual({ code: "resource_exhausted", message: "slow down" });
    const rest = writeRefusal({ kind: "rest" }, { ...refusal, rest: { status: 413 } });
    expect([rest.status, await rest.json()]).toMatchObject([413, { code: 8, message: "slow down" }]);
  });

  it("is in the headers for gRPC-Web, and the last envelope for Connect streams", async () => {
    const web = writeRefusal({ kind: "grpc_web", contentType: "application/grpc-web" }, refusal);
    expect([web.status, web.body, web.headers.get("grpc-status"), web.headers.get("grpc-message")]).toEqual([
      200,
      null,
      "8",
      "slow%20down",
    ]);
    const stream = writeRefusal({ kind: "connect_stream", contentType: "application/connect+json" }, refusal);
    const bytes = new Uint8Array(await stream.arrayBuffer());
    expect(bytes[0]).toBe(2);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(5)))).toMatchObject({ error: { code: "resource_exhausted" } });
  });

  it("with a status of HTTP keeps the body that Connect clients read only where they may read it", () => {
    const type = (isConnectJson: boolean) =>
      writeRefusal({ kind: "connect_unary" }, { ...refusal, httpStatus: 414, isConnectJson }).headers.get("content-type");
    expect([type(true), type(false)]).toEqual(["application/json", "application/json; charset=utf-8"]);
  });
});
