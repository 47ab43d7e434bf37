// A stored RPC response in the protocols and encodings of its callers.
import { create, toBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { UserSchema, UserService } from "../../../../../protos/gen/users/v1/users_pb.ts";
import type { Renderings } from "../../../../../workers/gateway/cache/responses/response-headers.ts";
import { rpcRenderer } from "../../../../../workers/gateway/cache/responses/rpc-response.ts";
import { rpcRoute } from "../../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../../workers/gateway/call.ts";
import type { Protocol } from "../../../../../workers/gateway/protocol/protocol.ts";
import { USER } from "../../../../support/gateway.ts";

const METHOD = UserService.method.getUser;
const PROTO = toBinary(UserSchema, create(UserSchema, USER)) as Uint8Array<ArrayBuffer>;
const STORED = {
  status: 200,
  headers: [
    ["content-type", "application/proto"],
    ["x-a", "1"],
  ] as [string, string][],
  body: PROTO,
};
const NOT_FOUND = {
  status: 404,
  headers: [["content-type", "application/json"]] as [string, string][],
  body: new TextEncoder().encode('{"code":"not_found"}') as Uint8Array<ArrayBuffer>,
};

function callOf(protocol: Protocol, contentType: string): Call {
  const path = "/users.v1.UserService/GetUser";
  const request = new Request(`https://gateway.example${path}`, { method: "POST", headers: { "content-type": contentType }, body: "{}" });
  return new Call(request, protocol, rpcRoute(METHOD, { maxBodyBytes: 1_000, maxMessageElements: 1_000 }, undefined), path, "", 0);
}

async function render(protocol: Protocol, contentType: string, buffered: typeof STORED = STORED, renderings?: Renderings) {
  const response = await rpcRenderer(METHOD)(callOf(protocol, contentType))(buffered, { age: "1", status: "hit" }, 0, renderings);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { response, bytes, text: new TextDecoder().decode(bytes), contentType: response.headers.get("content-type") };
}

it("is the stored bytes for proto, and JSON for JSON", async () => {
  const proto = await render({ kind: "connect_unary" }, "application/proto");
  expect([proto.contentType, proto.bytes]).toEqual(["application/proto", new Uint8Array(PROTO)]);
  const json = await render({ kind: "connect_unary" }, "application/json");
  expect([json.contentType, JSON.parse(json.text)]).toEqual(["application/json", USER]);
  for (const { response } of [proto, json]) {
    expect([response.headers.get("x-a"), response.headers.get("age"), response.headers.get("cache-status")]).toEqual(["1", "1", "hit"]);
  }
});

it("is an envelope with trailers for gRPC-Web, and proto for the transcoder of REST", async () => {
  const grpcWeb = await render({ kind: "grpc_web", contentType: "application/grpc-web+proto" }, "application/grpc-web+proto");
  expect(grpcWeb.bytes.slice(5, 5 + PROTO.byteLength)).toEqual(new Uint8Array(PROTO));
  expect(grpcWeb.text).toContain("grpc-status: 0");
  const rest = await render({ kind: "rest" }, "application/json");
  expect([rest.contentType, rest.bytes]).toEqual(["application/proto", new Uint8Array(PROTO)]);
});

it("is JSON for errors, whatever the encoding of the caller", async () => {
  const { contentType, text, response } = await render({ kind: "connect_unary" }, "application/proto", NOT_FOUND);
  expect([response.status, contentType, text]).toEqual([404, "application/json", '{"code":"not_found"}']);
});

it("renders JSON once for a stored response", async () => {
  const renderings: Renderings = {};
  await render({ kind: "connect_unary" }, "application/json", STORED, renderings);
  const first = renderings.bodies?.get("json");
  await render({ kind: "connect_unary" }, "application/json", STORED, renderings);
  expect(first).toBeDefined();
  expect(renderings.bodies?.get("json")).toBe(first);
});

it("rejects a response in an encoding that the gateway did not accept", () => {
  const encoded = { ...STORED, headers: [["content-encoding", "x".repeat(30)]] as [string, string][] };
  expect(() =>
    rpcRenderer(METHOD)(callOf({ kind: "connect_unary" }, "application/proto"))(encoded, { age: "1", status: "hit" }, 0),
  ).toThrow(
    expect.objectContaining({ rejection: expect.objectContaining({ kind: "upstream_invalid", upstream: "users.v1.UserService" }) }),
  );
});
