// Bytes of messages that a host may decode.
import { create, toBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { OrderSchema } from "../../../../protos/gen/orders/v1/orders_pb.ts";
import { checkMessage } from "../../../../workers/service/limits/check-message.ts";

const binary = toBinary(OrderSchema, create(OrderSchema, { items: Array.from({ length: 3_000 }, () => ({ sku: "article" })) }));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

it("passes messages within the limits", () => {
  checkMessage(OrderSchema, binary, true, 6_000);
  checkMessage(OrderSchema, utf8("{}"), false, 1);
});

it("reports the limit and the setting as a fault of the caller", () => {
  expect(() => checkMessage(OrderSchema, binary, true, 100)).toThrow(
    "[resource_exhausted] message has more than 100 elements (fields, list items and map entries; more for nested messages and unknown fields of a few bytes); send fewer, or raise maxMessageElements of the service",
  );
  expect(() => checkMessage(OrderSchema, new TextEncoder().encode("[".repeat(5_000)), false, 100)).toThrow(
    "[invalid_argument] message nests deeper than 100 levels",
  );
});

it.each([
  ["ends within a field", [0x12, 0x05, 0x61]],
  ["has a field of another wire type", [0x12, 0x01, 0x61, 0x18, 0x00]],
  ["has the end of a group that has not begun", [0x0c, 0x00]],
])("refuses a message that %s", (_name, bytes) => {
  expect(() => checkMessage(OrderSchema, Uint8Array.from(bytes), true, 100)).toThrow("[invalid_argument] message is no orders.v1.Order");
});
