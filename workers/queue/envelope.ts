// Puts events into envelopes, and reads them: the body of each message of a queue is one envelope, in binary.
import { create, type DescMessage, fromBinary, type MessageInitShape, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Envelope, EnvelopeSchema, Failure_Reason } from "../../protos/gen/tidegate/queue/v1/envelope_pb.ts";
import type { EventOrigin } from "./origin.ts";

/** What goes with an event. */
export interface EventFacts {
  readonly id: string; // not empty; the same however often the event is sent
  readonly eventTimeMs: number; // epoch ms
  readonly origin: EventOrigin;
  readonly outbox: string; // empty for none
}

export function sealed<S extends DescMessage>(schema: S, event: MessageInitShape<S>, facts: EventFacts): Uint8Array {
  const { id, eventTimeMs, origin, outbox } = facts;
  const message = create(schema, event);
  const payload = toBinary(schema, message);
  const eventTime = timestampFromMs(eventTimeMs);
  return toBinary(EnvelopeSchema, create(EnvelopeSchema, { id, type: schema.typeName, payload, eventTime, outbox, ...origin }));
}

/** An event that was read, or why it cannot be read. */
export type Opened<S extends DescMessage> =
  | { readonly kind: "event"; readonly envelope: Envelope; readonly event: MessageShape<S> }
  | { readonly kind: "unreadable"; readonly envelope: Envelope; readonly reason: Failure_Reason; readonly error: string };

/** Reads the body of a message. A body that is no envelope becomes the payload of one, so that a dead letter has it. */
export function opened<S extends DescMessage>(schema: S, body: unknown): Opened<S> {
  const envelope = envelopeOf(body);
  if (envelope.id === "") {
    return { kind: "unreadable", envelope, reason: Failure_Reason.UNDECODABLE, error: "the message is no envelope of tidegate.queue.v1" };
  }
  if (envelope.type !== schema.typeName) {
    const error = `found an event of type "${envelope.type.slice(0, 100)}", this consumer reads ${schema.typeName}`;
    return { kind: "unreadable", envelope, reason: Failure_Reason.UNEXPECTED_TYPE, error };
  }
  try {
    return { kind: "event", envelope, event: fromBinary(schema, envelope.payload) };
  } catch (reason) {
    return { kind: "unreadable", envelope, reason: Failure_Reason.UNDECODABLE, error: `payload: ${String(reason)}` };
  }
}

/**
 * @returns the envelope of a message, or a new one around what is none; that has an empty id, which no other one has. The dead letter of such
 *          a message has been in a new envelope once already, and is not put into another one
 */
export function envelopeOf(body: unknown): Envelope {
  const bytes = bytesOf(body);
  if (bytes === undefined) return create(EnvelopeSchema, { payload: new TextEncoder().encode(textOf(body)) });
  try {
    const envelope = fromBinary(EnvelopeSchema, bytes);
    if (envelope.id !== "" || envelope.failure !== undefined) return envelope;
  } catch {
    // no envelope
  }
  return create(EnvelopeSchema, { payload: bytes });
}

function bytesOf(body: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  return ArrayBuffer.isView(body) && body.buffer instanceof ArrayBuffer
    ? new Uint8Array(body.buffer, body.byteOffset, body.byteLength)
    : undefined;
}

function textOf(body: unknown): string {
  try {
    return typeof body === "string" ? body : (JSON.stringify(body) ?? String(body));
  } catch {
    return String(body);
  }
}
