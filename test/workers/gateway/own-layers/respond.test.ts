// Responses of a team's own layer: the message, in every form that a place may have.
import { create, fromBinary } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { UserSchema, UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { respondWith } from "../../../../workers/gateway/own-layers/respond.ts";
import { CONNECT_UNARY, type Protocol } from "../../../../workers/gateway/protocol/protocol.ts";

const { getUser } = UserService.method;
const form = (protocol: Protocol, contentType: string) => ({ protocol, contentType, rest: undefined });

it("writes JSON and binary of Connect, and frames of gRPC-Web", async () => {
  const json = respondWith(getUser, { id: "a" }, form(CONNECT_UNARY, "application/json"));
  expect([json.headers.get("content-type"), await json.json()]).toEqual(["application/json", { id: "a" }]);
  const binary = respondWith(getUser, create(UserSchema, { id: "b" }), form(CONNECT_UNARY, "application/proto"));
  expect(fromBinary(UserSchema, new Uint8Array(await binary.arrayBuffer())).id).toBe("b");
  const contentType = "application/grpc-web+proto";
  const framed = new Uint8Array(
    await respondWith(getUser, { id: "c" }, form({ kind: "grpc_web", contentType }, contentType)).arrayBuffer(),
  );
  expect([framed[0], framed[4], framed[5 + framed[4]!]]).toEqual([0, 3, 0x80]);
});

it("refuses messages of another type, fields that there are not, and streams", () => {
  const connect = form(CONNECT_UNARY, "application/json");
  expect(() => respondWith(getUser, create(EmptySchema), connect)).toThrow(/responds with a google.protobuf.Empty to GetUser/);
  expect(() => respondWith(getUser, { nothing: 1 }, connect)).toThrow(/nothing/);
  expect(() => respondWith(UserService.method.watchUsers, {}, connect)).toThrow(/which is a stream/);
});
