import { create, fromBinary, fromJson, toBinary } from "@bufbuild/protobuf";
import { ListValueSchema, StructSchema } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { ErrorInfoSchema } from "../../../../protos/gen/google/rpc/error_details_pb.ts";
import { CreateUserRequestSchema } from "../../../../protos/gen/users/v1/users_pb.ts";
import { fingerprintOf, sha256 } from "../../../../workers/service/idempotency/fingerprint.ts";

const ada = { displayName: "Ada", email: "ada@example.com" };

it("is that of the message, not of its JSON or binary form", async () => {
  const message = create(CreateUserRequestSchema, { user: ada, requestId: "r" });
  const forms = [
    message,
    fromJson(CreateUserRequestSchema, { requestId: "r", user: { email: ada.email, displayName: ada.displayName } }),
    fromJson(CreateUserRequestSchema, { request_id: "r", user: { display_name: ada.displayName, email: ada.email, id: "" } }),
    fromBinary(CreateUserRequestSchema, toBinary(CreateUserRequestSchema, message)),
    // The fields in another order.
    fromBinary(
      CreateUserRequestSchema,
      new Uint8Array([0x12, 1, 0x72, ...toBinary(CreateUserRequestSchema, create(CreateUserRequestSchema, { user: ada }))]),
    ),
  ];
  const prints = await Promise.all(forms.map((form) => fingerprintOf(CreateUserRequestSchema, form)));
  expect(new Set(prints).size).toBe(1);
  expect(prints[0]).toMatch(/^[0-9a-f]{64}$/);
});

it("differs for another value, and for an unknown field", async () => {
  const message = create(CreateUserRequestSchema, { user: ada });
  const others = [
    create(CreateUserRequestSchema, { user: { ...ada, displayName: "B" } }),
    create(CreateUserRequestSchema, { user: ada, requestId: "r" }),
    fromBinary(CreateUserRequestSchema, new Uint8Array([...toBinary(CreateUserRequestSchema, message), 0xf8, 0x07, 1])),
  ];
  const prints = await Promise.all([message, ...others].map((form) => fingerprintOf(CreateUserRequestSchema, form)));
  expect(new Set(prints).size).toBe(4);
});

it("does not depend on the order of map entries, at any depth, and leaves the message as it is", async () => {
  const one = create(ErrorInfoSchema, { metadata: { b: "1", a: "2" } });
  const print = (metadata: Record<string, string>): Promise<string> =>
    fingerprintOf(ErrorInfoSchema, create(ErrorInfoSchema, { metadata }));
  expect(await fingerprintOf(ErrorInfoSchema, one)).toBe(await print({ a: "2", b: "1" }));
  expect(Object.keys(one.metadata)).toEqual(["b", "a"]);
  expect(await print({ a: "2", b: "1" })).not.toBe(await print({ a: "1", b: "2" }));
  const struct = (json: object): Promise<string> => fingerprintOf(StructSchema, fromJson(StructSchema, json as never));
  expect(await struct({ x: { b: 1, a: [{ d: 1, c: 2 }] }, w: null })).toBe(await struct({ w: null, x: { a: [{ c: 2, d: 1 }], b: 1 } }));
  const list = (json: unknown[]): Promise<string> => fingerprintOf(ListValueSchema, fromJson(ListValueSchema, json as never));
  expect(await list([{ b: 1, a: 2 }])).toBe(await list([{ a: 2, b: 1 }]));
  expect(await list([1, 2])).not.toBe(await list([2, 1]));
});

it("is SHA-256", async () => {
  expect(await sha256(new TextEncoder().encode("abc"))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
