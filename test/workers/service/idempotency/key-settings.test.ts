import { expect, it } from "vitest";
import { OrderService } from "../../../../protos/gen/orders/v1/orders_pb.ts";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { keyRulesOf } from "../../../../workers/service/idempotency/key-settings.ts";

it("has the rule of each listed method, with the defaults", () => {
  const rules = keyRulesOf({ methods: { CreateUser: {}, "users.v1.UserService/UpdateUser": { required: true, record: "transaction" } } }, [
    UserService,
  ]);
  const common = { acceptsUnquoted: false, binding: "IDEMPOTENCY_STORE", shards: 16, leaseMs: 60_000 };
  expect([...rules]).toEqual([
    [UserService.method.createUser, { ...common, isRequired: false, record: "store" }],
    [UserService.method.updateUser, { ...common, isRequired: true, record: "transaction" }],
  ]);
});

it.each([
  [{ methods: { MakeUser: {} } }, 'there is no method "MakeUser"; there are CreateUser, GetUser'],
  [{ methods: { WatchUsers: {} } }, '"WatchUsers" is a stream; only unary methods honor keys'],
  [{ methods: {}, shards: 0 }, "idempotency.shards: write a whole number from 1 to 1000"],
  [{ methods: {}, shards: 1.5 }, "idempotency.shards: write a whole number from 1 to 1000"],
  [{ methods: {}, leaseMs: 3_600_001 }, "idempotency.leaseMs: write a whole number from 1 to 3600000"],
])("refuses %j", (options, problem) => {
  expect(() => keyRulesOf(options, [UserService, OrderService])).toThrow(problem);
});

it("wants the full name of a method that several services have", () => {
  const copy = { ...UserService, typeName: "other.UserService", methods: UserService.methods };
  expect(() => keyRulesOf({ methods: { CreateUser: {} } }, [UserService, copy])).toThrow("write package.Service/CreateUser");
});
