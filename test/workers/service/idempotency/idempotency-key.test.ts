import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { UserSchema, UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { type IdempotencyKey, idempotencyKey, idempotencyKeyOf } from "../../../../workers/service/idempotency/idempotency-key.ts";
import { PROVEN_CALLER, type ServiceCaller, valuesOf } from "../../../../workers/service/identity/caller.ts";

const ada = create(UserSchema, { displayName: "Ada" });
const { createUser, updateUser } = UserService.method;

function keyOf(value: string, callerId?: string, method = createUser): Promise<IdempotencyKey> {
  const values = valuesOf(undefined);
  if (callerId !== undefined) {
    const from = { name: "tidegate", before: [] };
    values.set(PROVEN_CALLER, { caller: { id: callerId } as ServiceCaller, from, isFromGateway: true, claims: undefined, payload: "" });
  }
  return idempotencyKey(value, { values, method: method as typeof createUser }, UserSchema, ada);
}

it("is that of a caller, a method and a value, and no two of them run together", async () => {
  const keys = await Promise.all([
    keyOf("k"),
    keyOf("k", "a"),
    keyOf("k", "b"),
    keyOf("k", undefined, updateUser as never),
    keyOf("other"),
    keyOf('k","x'),
    keyOf("k", 'a","users.v1.UserService/CreateUser","k'),
  ]);
  expect(new Set(keys.map(({ id }) => id)).size).toBe(keys.length);
  expect(new Set(keys.map(({ fingerprint }) => fingerprint)).size).toBe(1);
  expect(await keyOf("k", "")).toEqual(await keyOf("k")); // anonymous callers share their keys
});

it("is not there in a call without one", () => {
  expect(idempotencyKeyOf({ values: valuesOf(undefined) })).toBeUndefined();
});
