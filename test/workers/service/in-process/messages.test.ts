import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { ListUsersResponseSchema, UserSchema, UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { received, sent } from "../../../../workers/service/in-process/messages.ts";
import { settingsOf } from "../../../../workers/service/settings.ts";

const settings = settingsOf({ readMaxBytes: 100, writeMaxBytes: 100, maxMessageElements: 5 });
const user = (length: number) => create(UserSchema, { id: "x".repeat(length) });

it("refuses a request above the size, and takes one at it, whatever its text may take at most", () => {
  expect(received(UserSchema, user(98), settings)).toEqual(user(98)); // 100 bytes with tag and length
  expect(() => received(UserSchema, user(99), settings)).toThrow(expect.objectContaining({ code: Code.ResourceExhausted }));
});

it("refuses a request of too many elements", () => {
  const many = create(ListUsersResponseSchema, { users: Array.from({ length: 3_000 }, () => ({ id: "1" })) });
  const roomy = settingsOf({ maxMessageElements: 1_000 });
  expect(() => received(ListUsersResponseSchema, many, roomy)).toThrow(expect.objectContaining({ code: Code.ResourceExhausted }));
  expect(received(ListUsersResponseSchema, many, settingsOf({}))).toEqual(many);
});

it("refuses a response above the size, and hides why one can't be written", () => {
  const { getUser, watchUsers } = UserService.method;
  expect(sent(getUser, user(98), settings)).toEqual(user(98));
  expect(() => sent(getUser, user(99), settings)).toThrow(expect.objectContaining({ code: Code.ResourceExhausted }));
  const wrong = create(watchUsers.output, { revision: 2n ** 80n });
  expect(() => sent(watchUsers, wrong, settings)).toThrow("the response of WatchUsers can't be written");
});
