// The configured response of a method whose upstream is down, in the protocol of the caller.
import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Rejected } from "../../../../core/rejection.ts";
import { UserSchema, UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import type { Handler, Responding } from "../../../../workers/gateway/call/layer.ts";
import { rpcRoute } from "../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../workers/gateway/call.ts";
import { staticResponse } from "../../../../workers/gateway/layers/static-response.ts";
import type { Protocol } from "../../../../workers/gateway/protocol/protocol.ts";

const METHOD = UserService.method.getUser;
const ROUTE = rpcRoute(METHOD, { maxBodyBytes: 1_000, maxMessageElements: 1_000 }, undefined);
const USER = create(UserSchema, { id: "static" });
const DOWN: Handler = () => Promise.reject(new Rejected({ kind: "no_endpoint", upstream: "u", isFull: false }));

beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => undefined));
afterEach(() => void vi.restoreAllMocks());

function respond(next: Handler, protocol: Protocol, contentType: string, query = ""): Responding {
  const init = query === "" ? { method: "POST", headers: { "content-type": contentType }, body: "x" } : {};
  const call = new Call(new Request(`https://gateway.example${ROUTE.path}${query}`, init), protocol, ROUTE, ROUTE.path, query, 0);
  return staticResponse(METHOD, USER)!(next)(call);
}

it("is left out of a route without one", () => {
  expect(staticResponse(METHOD, undefined)).toBeUndefined();
});

it.each([
  ["Connect JSON", { kind: "connect_unary" }, "application/json", "", "application/json"],
  ["a Connect GET", { kind: "connect_unary" }, "", "?connect=v1&encoding=json&message=x", "application/json"],
  ["REST, whose transcoder reads binary", { kind: "rest" }, "application/json", "", "application/proto"],
  ["gRPC-Web", { kind: "grpc_web", contentType: "application/grpc-web" }, "application/grpc-web", "", "application/grpc-web"],
] as const)("responds in the form of %s", async (_, protocol, sent, query, contentType) => {
  const response = await respond(DOWN, protocol, sent, query);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, contentType]);
  expect(response.headers.get("cache-control")).toBe("no-store");
  const text = new TextDecoder().decode(await response.arrayBuffer());
  expect(text).toContain("static");
  expect(text.includes("grpc-status: 0")).toBe(protocol.kind === "grpc_web");
});

it("leaves other responses and errors as they are", async () => {
  const own = new Response("own", { status: 404 });
  expect(await respond(() => Promise.resolve(own), { kind: "connect_unary" }, "application/json")).toBe(own);
  const refused = new Rejected({ kind: "body_too_large", maxBytes: 1 });
  await expect(respond(() => Promise.reject(refused), { kind: "connect_unary" }, "application/json")).rejects.toBe(refused);
});
