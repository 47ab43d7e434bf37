// Copies of messages: equal to what encoding and decoding makes of them, and apart from the original.
import { create, type DescMessage, equals, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { FieldOptionsSchema, FileDescriptorProtoSchema, FileOptionsSchema, StructSchema, type ValueSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it, vi } from "vitest";
import { BadRequestSchema } from "../../../../protos/gen/google/rpc/error_details_pb.ts";
import { ServerReflectionRequestSchema } from "../../../../protos/gen/grpc/reflection/v1/reflection_pb.ts";
import { OrderSchema } from "../../../../protos/gen/orders/v1/orders_pb.ts";
import { ListUsersResponseSchema, UserSchema, WatchUsersRequestSchema } from "../../../../protos/gen/users/v1/users_pb.ts";
import { copyMessage } from "../../../../workers/service/in-process/copy-message.ts";

const UNBOUNDED = { maxBytes: 1e9, maxElements: 1e9 };
const copied = (type: DescMessage, message: Message, bounds = UNBOUNDED) => {
  const check = vi.fn();
  return { copy: copyMessage(type, message, bounds, check), check };
};

const MESSAGES: Record<string, readonly [DescMessage, Message]> = {
  "of all zeros": [UserSchema, create(UserSchema)],
  "with texts": [UserSchema, create(UserSchema, { id: "1", displayName: "Ada \u{1f600}", email: "a@b" })],
  "with a list of messages": [ListUsersResponseSchema, create(ListUsersResponseSchema, { users: [{ id: "1" }, {}, { id: "3" }] })],
  "with a 64-bit number": [WatchUsersRequestSchema, create(WatchUsersRequestSchema, { afterRevision: 2n ** 62n })],
  "with a choice": [
    ServerReflectionRequestSchema,
    create(ServerReflectionRequestSchema, {
      host: "h",
      messageRequest: { case: "fileContainingExtension", value: { containingType: "a.B", extensionNumber: 7 } },
    }),
  ],
  "with the text of a choice": [
    ServerReflectionRequestSchema,
    create(ServerReflectionRequestSchema, { messageRequest: { case: "fileByFilename", value: "" } }),
  ],
  "with messages in messages": [BadRequestSchema, create(BadRequestSchema, { fieldViolations: [{ field: "a", description: "b" }] })],
  "of an order": [OrderSchema, create(OrderSchema, { id: "o" })],
  "of proto2, with presence, enums and lists of numbers": [
    FileDescriptorProtoSchema,
    create(FileDescriptorProtoSchema, {
      name: "",
      publicDependency: [1, 2, -3],
      messageType: [{ name: "M", field: [{ name: "f", number: 1, type: 9, label: 1 }] }],
      options: create(FileOptionsSchema, { javaMultipleFiles: false, optimizeFor: 2 }),
    }),
  ],
  "of proto2, where nothing is set": [FieldOptionsSchema, create(FieldOptionsSchema)],
};

describe.each(Object.entries(MESSAGES))("a message %s", (_name, [type, message]) => {
  it("is copied as the wire would bring it, without being encoded", () => {
    const { copy, check } = copied(type, message);
    expect(copy).toEqual(fromBinary(type, toBinary(type, message)));
    expect(equals(type, copy, message)).toBe(true);
    expect(copy).not.toBe(message);
    expect(check).not.toHaveBeenCalled();
  });

  it("is encoded and judged where it may be above a limit", () => {
    const { copy, check } = copied(type, message, { maxBytes: 1e9, maxElements: 1 });
    expect(check).toHaveBeenCalledExactlyOnceWith(toBinary(type, message));
    expect(equals(type, copy, message)).toBe(true);
    const refusal = new Error("too many");
    const refuse = () => {
      throw refusal;
    };
    expect(() => copyMessage(type, message, { maxBytes: 1e9, maxElements: 1 }, refuse)).toThrow(refusal);
  });
});

it("shares no message, list or bytes with its original", () => {
  const original = create(ListUsersResponseSchema, { users: [{ id: "1" }] });
  original.$unknown = [{ no: 2047, wireType: 2, data: new Uint8Array([1, 5]) }];
  const copy = copyMessage(ListUsersResponseSchema, original, UNBOUNDED, () => undefined) as typeof original;
  original.users[0]!.id = "changed";
  original.users.push(create(UserSchema));
  original.$unknown[0]!.data[1] = 9;
  expect([copy.users.length, copy.users[0]?.id, copy.$unknown?.[0]?.data]).toEqual([1, "1", new Uint8Array([1, 5])]);
});

it.each([
  ["a lone surrogate", create(UserSchema, { id: "a\ud800" })],
  ["a field without a value", Object.assign(create(UserSchema), { email: null })],
])("%s is what encoding makes of it", (_name, message) => {
  const encode = () => fromBinary(UserSchema, toBinary(UserSchema, message));
  let expected: unknown;
  try {
    expected = encode();
  } catch {
    expect(() => copied(UserSchema, message)).toThrow();
    return;
  }
  const { copy, check } = copied(UserSchema, message);
  expect(copy).toEqual(expected);
  expect(check).toHaveBeenCalledOnce();
});

it("refuses what has no encoding", () => {
  expect(() => copied(WatchUsersRequestSchema, create(WatchUsersRequestSchema, { afterRevision: 2n ** 70n }))).toThrow();
  expect(() => copied(ListUsersResponseSchema, create(ListUsersResponseSchema, { users: [7 as never] }))).toThrow();
});

it("encodes a message whose maps have numbers or other messages as values", () => {
  const struct = create(StructSchema, {
    fields: { a: { kind: { case: "numberValue", value: 1 } } as never as typeof ValueSchema as never },
  });
  const { copy } = copied(StructSchema, struct);
  expect(equals(StructSchema, copy as typeof struct, struct)).toBe(true);
});

it("encodes a message that is nested too deeply to be copied", () => {
  type Nested = { name?: string; nestedType?: Nested[] };
  let nested: Nested = { name: "last" };
  for (let depth = 0; depth < 60; depth++) nested = { nestedType: [nested] };
  const message = create(FileDescriptorProtoSchema, { messageType: [nested as never] });
  const { copy, check } = copied(FileDescriptorProtoSchema, message);
  expect(equals(FileDescriptorProtoSchema, copy as typeof message, message)).toBe(true);
  expect(check).toHaveBeenCalledOnce();
});
