import { create } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { OrderSchema } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { UserSchema } from "../../../protos/gen/users/v1/users_pb.ts";
import { check, draftOf, fieldsToUpdate, pick } from "../../../workers/services/fields.ts";
import { Violations } from "../../../workers/services/violations.ts";

describe("fieldsToUpdate", () => {
  const update = (paths: string[] | undefined) => {
    const violations = new Violations();
    const message = create(OrderSchema, { id: "ord_x", note: "n" });
    const fields = fieldsToUpdate(OrderSchema, message, paths && create(FieldMaskSchema, { paths }), violations);
    return { names: fields.map(({ name }) => name), throwIfAny: () => violations.throwIfAny() };
  };

  it("returns the fields of the mask, set or not", () => {
    expect(update(["items", "note"]).names).toEqual(["items", "note"]);
  });

  it.each([undefined, []])("returns the fields that are set, with the mask %j", (paths) => {
    expect(update(paths).names).toEqual(["note"]);
  });

  it.each(["state", "user_id", "id", "create_time", "nope", "items.sku", "*", "", "__proto__", "constructor"])(
    "never returns %s, and names it",
    (path) => {
      const { names, throwIfAny } = update(["note", path]);
      expect(names).toEqual(["note"]);
      expect(throwIfAny).toThrow(ConnectError);
    },
  );
});

it("draftOf removes fields that only the service writes, and unknown ones, and leaves the message as it is", () => {
  const user = create(UserSchema, { id: "usr_x", displayName: "Ada", createTime: { seconds: 1n } });
  user.$unknown = [{ no: 99, wireType: 0, data: new Uint8Array([1]) }];
  expect(draftOf(UserSchema, user)).toEqual(create(UserSchema, { displayName: "Ada" }));
  expect(user.id).toBe("usr_x");
});

it("check calls the rule of each field with its value and path, and pick returns the chosen fields", () => {
  const user = create(UserSchema, { displayName: "Ada", email: "ada@example.com" });
  const calls: unknown[] = [];
  const fields = UserSchema.fields.filter(({ name }) => name === "display_name");
  const rule = (value: unknown, path: string) => void calls.push([value, path]);
  check({ displayName: rule, email: rule }, fields, user, "user", new Violations());
  expect(calls).toEqual([["Ada", "user.display_name"]]);
  expect(pick(user, fields)).toEqual({ displayName: "Ada" });
});
