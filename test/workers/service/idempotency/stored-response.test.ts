import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { ErrorInfoSchema } from "../../../../protos/gen/google/rpc/error_details_pb.ts";
import { UserSchema } from "../../../../protos/gen/users/v1/users_pb.ts";
import { decodeResponse, encodeError, encodeMessage } from "../../../../workers/service/idempotency/stored-response.ts";

const written = (header: HeadersInit = {}, trailer: HeadersInit = {}) => ({
  responseHeader: new Headers(header),
  responseTrailer: new Headers(trailer),
});

it("restores the message with its headers and trailers, without those of the protocol", () => {
  const user = create(UserSchema, { id: "usr_1", displayName: "Ünï" });
  const context = written({ "content-type": "application/json", etag: '"1"' }, { "grpc-status": "0", "x-end": "3" });
  const bytes = encodeMessage(UserSchema, user, context);
  const replay = written({ "content-type": "application/proto" });
  expect(decodeResponse(UserSchema, bytes.slice(), replay)).toEqual(user);
  expect(Object.fromEntries(replay.responseHeader)).toEqual({ "content-type": "application/proto", etag: '"1"' });
  expect(Object.fromEntries(replay.responseTrailer)).toEqual({ "x-end": "3" });
});

it("restores a final error with its details and metadata", () => {
  const detail = { desc: ErrorInfoSchema, value: { reason: "GONE", domain: "test" } };
  const error = new ConnectError("no such user", Code.NotFound, { "x-of-error": "1" }, [detail]);
  const bytes = encodeError(error, written())!;
  const restored = (() => {
    try {
      return decodeResponse(UserSchema, bytes, written());
    } catch (reason) {
      return reason as ConnectError;
    }
  })() as ConnectError;
  expect([restored.code, restored.rawMessage, restored.isWireError, restored.metadata.get("x-of-error")]).toEqual([
    Code.NotFound,
    "no such user",
    false,
    "1",
  ]);
  expect(restored.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "GONE", domain: "test" }]);
});

it("does not record the headers of another service, whose error was passed on", () => {
  const error = new ConnectError("no such user", Code.NotFound, { "content-length": "7", "x-internal": "1" });
  error.isWireError = true;
  expect(() => decodeResponse(UserSchema, encodeError(error, written())!, written())).toThrow(
    expect.objectContaining({ metadata: new Headers() }),
  );
});

it.each([new ConnectError("later", Code.Unavailable), new TypeError("a fault"), undefined])("does not record %s", (reason) => {
  expect(encodeError(reason, written())).toBeUndefined();
});
