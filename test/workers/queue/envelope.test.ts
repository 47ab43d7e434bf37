import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { OrderChangeSchema, OrderSchema } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { EnvelopeSchema, Failure_Reason, FailureSchema } from "../../../protos/gen/tidegate/queue/v1/envelope_pb.ts";
import { envelopeOf, opened, sealed } from "../../../workers/queue/envelope.ts";

const origin = { requestId: "r-1", traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` };
const facts = { id: "e-1", eventTimeMs: 1_764_000_000_123, origin, outbox: "orders" };

describe("an event in an envelope", () => {
  it("is read as it was written, with its facts, whatever the kind of buffer", () => {
    const body = sealed(OrderChangeSchema, { revision: 7n }, facts);
    const shifted = new Uint8Array([0, ...body]).subarray(1);
    for (const received of [body, body.slice().buffer, shifted]) {
      const read = opened(OrderChangeSchema, received);
      expect(read).toMatchObject({ kind: "event", event: { revision: 7n } });
      expect(read.envelope).toMatchObject({ id: "e-1", type: "orders.v1.OrderChange", outbox: "orders", ...origin });
      expect(read.envelope.eventTime).toMatchObject({ seconds: 1_764_000_000n, nanos: 123_000_000 });
    }
  });

  it("of another type is not read", () => {
    const read = opened(OrderSchema, sealed(OrderChangeSchema, {}, facts));
    expect(read).toMatchObject({ kind: "unreadable", reason: Failure_Reason.UNEXPECTED_TYPE, envelope: { id: "e-1" } });
  });

  it("with a damaged payload is not read, and keeps its id", () => {
    const envelope = create(EnvelopeSchema, { id: "e-1", type: "orders.v1.OrderChange", payload: new Uint8Array([0x12, 0x7f]) });
    const read = opened(OrderChangeSchema, toBinary(EnvelopeSchema, envelope));
    expect(read).toMatchObject({ kind: "unreadable", reason: Failure_Reason.UNDECODABLE, envelope: { id: "e-1" } });
  });
});

describe("a message that is no envelope", () => {
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  it.each([
    { name: "bytes", body: new Uint8Array([0xff, 0xff]), text: undefined },
    { name: "no bytes", body: new Uint8Array(), text: "" },
    { name: "text", body: "hello", text: "hello" },
    { name: "JSON", body: { a: 1 }, text: '{"a":1}' },
    { name: "undefined", body: undefined, text: "undefined" },
    { name: "a circle", body: circular, text: "[object Object]" },
  ])("$name becomes the payload of one, without an id", ({ body, text }) => {
    const read = opened(OrderChangeSchema, body);
    expect(read).toMatchObject({ kind: "unreadable", reason: Failure_Reason.UNDECODABLE, envelope: { id: "", type: "" } });
    if (text !== undefined) expect(new TextDecoder().decode(read.envelope.payload)).toBe(text);
    else expect([...read.envelope.payload]).toEqual([0xff, 0xff]);
  });

  it("is put into one envelope, also where it arrives as a dead letter", () => {
    const { envelope } = opened(OrderChangeSchema, "hello");
    const dead = { ...envelope, failure: create(FailureSchema, { queue: "q" }) };
    expect(envelopeOf(toBinary(EnvelopeSchema, dead))).toMatchObject({ id: "", payload: envelope.payload, failure: { queue: "q" } });
  });
});
