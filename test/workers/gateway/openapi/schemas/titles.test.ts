import type { DescMessage } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { UserSchema } from "../../../../../protos/gen/users/v1/users_pb.ts";
import { Titles } from "../../../../../workers/gateway/openapi/schemas/titles.ts";
import { own } from "../../../../openapi/library.ts";

it("gives each schema a title of its own: the name, then the full name, then a number", () => {
  const titles = new Titles();
  const other: DescMessage = { ...UserSchema, typeName: "other.v1.User" };
  expect(titles.titleOf(UserSchema)).toBe("User");
  expect(titles.titleOf(UserSchema)).toBe("User"); // the same schema again
  expect(titles.titleOf(other)).toBe("OtherV1User");
  expect(titles.titleOf(UserSchema, "Patch")).toBe("UserPatch");
  expect(titles.titleOf(UserSchema, "Patch", "another variant")).toBe("UsersV1UserPatch");
  expect(titles.titleOf(UserSchema, "Patch", "a third variant")).toBe("UsersV1UserPatch2");
});

it("contains the names of the messages in which a type is declared", () => {
  expect(own.components.schemas["users.v1.UserChange.Kind"].title).toBe("UserChangeKind");
});
