// Shapes of message types; what they are for is tested with the scan, in test/core/elements/proto-elements.test.ts.
import { StructSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { OrderSchema } from "../../../../protos/gen/orders/v1/orders_pb.ts";
import { messageShapeOf } from "../../../../workers/service/limits/message-shape.ts";

it("has the encoding of each field, and the shape of its messages", () => {
  const { fields } = messageShapeOf(OrderSchema);
  expect(fields[0]).toBeUndefined();
  expect(fields[OrderSchema.field.userId.number]).toEqual({ encoding: "bytes", isPackable: false, message: undefined });
  expect(fields[OrderSchema.field.items.number]).toMatchObject({ encoding: "message", isPackable: false });
  expect(fields[OrderSchema.field.state.number]?.encoding).toBe("varint");
});

it("is compiled once per type, also where types contain one another", () => {
  const entry = messageShapeOf(StructSchema).fields[1];
  expect(entry?.encoding).toBe("map_entry");
  expect(entry?.message?.fields[2]?.message).toBe(messageShapeOf(ValueSchema));
  expect(messageShapeOf(ValueSchema).fields[ValueSchema.field.structValue.number]?.message).toBe(messageShapeOf(StructSchema));
});
