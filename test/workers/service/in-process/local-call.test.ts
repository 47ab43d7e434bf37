import { expect, it } from "vitest";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { pathOf, urlOf } from "../../../../workers/service/in-process/local-call.ts";

it("has the path of the method in its URL", () => {
  expect(pathOf(UserService.method.getUser)).toBe("/users.v1.UserService/GetUser");
  expect(new URL(urlOf(UserService.method.getUser)).pathname).toBe("/users.v1.UserService/GetUser");
});
