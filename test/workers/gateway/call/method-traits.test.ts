// What the gateway may do with the calls of a method.
import { expect, it } from "vitest";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { methodTraits } from "../../../../workers/gateway/call/method-traits.ts";

const { createUser, getUser, watchUsers } = UserService.method;

it.each([
  ["a read", getUser, undefined, { isUnary: true, isRequestStream: false, isSafe: true, hasNoSideEffects: true }],
  ["a stream of responses", watchUsers, "GET", { isUnary: false, isRequestStream: false, isSafe: false, hasNoSideEffects: false }],
] as const)("reads the traits of %s from its proto", (_, method, httpMethod, traits) => {
  expect(methodTraits(method, httpMethod)).toEqual(traits);
});

it("takes any unary call by GET for safe, though not for one without side effects", () => {
  const unknown = { ...createUser, idempotency: 0 } as typeof createUser;
  expect(methodTraits(unknown).isSafe).toBe(false);
  expect(methodTraits(unknown, "GET")).toMatchObject({ isSafe: true, hasNoSideEffects: false });
});
