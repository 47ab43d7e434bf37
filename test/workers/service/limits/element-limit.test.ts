// The element limit of messages that a host decodes.
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { OrderSchema } from "../../../../protos/gen/orders/v1/orders_pb.ts";
import { excessOf } from "../../../../workers/service/limits/element-limit.ts";

const order = create(OrderSchema, { items: Array.from({ length: 3_000 }, (_, index) => ({ sku: `article-${index}` })) }); // 6,000 elements
const binary = toBinary(OrderSchema, order);
const json = new TextEncoder().encode(toJsonString(OrderSchema, order));

describe("excessOf", () => {
  it.each([
    ["binary", binary, true, 6_000],
    ["JSON", json, false, 6_001], // the list itself is a member
  ] as const)("allows as many elements as the limit, in %s", (_name, bytes, isBinary, count) => {
    expect(excessOf(OrderSchema, bytes, isBinary, count)).toBeUndefined();
    expect(excessOf(OrderSchema, bytes, isBinary, count - 1)).toBe("elements");
  });

  it("does not scan a message below 4 KiB", () => {
    const items = new Uint8Array(4_095).fill(0x1a);
    expect(excessOf(OrderSchema, new TextEncoder().encode("[".repeat(4_095)), false, 1)).toBeUndefined();
    expect(excessOf(OrderSchema, items, true, 1)).toBeUndefined();
    expect(excessOf(OrderSchema, new TextEncoder().encode("[".repeat(4_096)), false, 10_000)).toBe("depth");
  });
});
