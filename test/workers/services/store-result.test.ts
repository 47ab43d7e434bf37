import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { UserSchema } from "../../../protos/gen/users/v1/users_pb.ts";
import { type Created, createdEntity, type Done, entityOrThrow, notFound, type Refused } from "../../../workers/services/store-result.ts";

type Result = Done<string> | Refused<"gone">;
const thrownBy = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};
const ofResult = (result: Result): unknown => thrownBy(() => entityOrThrow(result, { gone: () => notFound("user", "usr_1") }));

it("returns the entity, also an empty one", () => {
  expect([ofResult({ kind: "done", entity: "x" }), ofResult({ kind: "done", entity: "" })]).toEqual(["x", ""]);
});

it("throws the error of a refusal", () => {
  const error = ofResult({ kind: "gone" });
  expect(error).toBeInstanceOf(ConnectError);
  expect(error).toMatchObject({ code: Code.NotFound, rawMessage: "there is no user usr_1" });
});

it("returns what was created, and marks a replay", () => {
  const user = create(UserSchema, { id: "usr_1" });
  const response = toBinary(UserSchema, user) as Uint8Array<ArrayBuffer>;
  const headersOf = (isReplayed: boolean): [string, string][] => {
    const responseHeader = new Headers();
    expect(createdEntity(UserSchema, { kind: "done", response, isReplayed }, false, { responseHeader })).toEqual(user);
    return [...responseHeader];
  };
  expect([headersOf(false), headersOf(true)]).toEqual([[], [["idempotency-replayed", "true"]]]);
});

it.each<[Created, boolean, Code, string]>([
  [{ kind: "key_reused" }, true, Code.AlreadyExists, "request id was used before, for a request that differs"],
  [{ kind: "key_reused" }, false, Code.FailedPrecondition, "this idempotency key was used before"],
  [{ kind: "response_omitted", bytes: 70_000 }, false, Code.AlreadyExists, "its response of 70000 bytes was too large"],
  [{ kind: "full" }, true, Code.ResourceExhausted, "storage is full"],
])("throws the error of %o (key in the field: %s)", (result, isField, code, message) => {
  const error = thrownBy(() => createdEntity(UserSchema, result, isField, { responseHeader: new Headers() }));
  expect(error).toMatchObject({ code, rawMessage: expect.stringContaining(message) });
});
