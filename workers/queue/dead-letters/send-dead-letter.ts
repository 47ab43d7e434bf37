// Sends an event that a consumer has given up to the dead letter queue, with the reason.
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Envelope, EnvelopeSchema, type Failure_Reason, FailureSchema } from "../../../protos/gen/tidegate/queue/v1/envelope_pb.ts";
import { sendBodies } from "../producer.ts";

export interface GivenUp {
  readonly reason: Failure_Reason;
  readonly queue: string;
  readonly error: unknown;
  readonly attempts: number;
}

const ERROR_CHARACTERS = 50; // at most 150 bytes: an envelope of the largest size has room for 300 more

/** @throws Error of the platform where the queue does not accept it */
export async function sendDeadLetter(queue: Queue, envelope: Envelope, { reason, error, ...failed }: GivenUp): Promise<void> {
  const large = envelope.payload.byteLength > 100_000; // an error is cut short only where there is no room for more
  const text = String(error).slice(0, large ? ERROR_CHARACTERS : 1_000);
  const failure = create(FailureSchema, { ...failed, reason, error: text, failTime: timestampFromMs(Date.now()) });
  await sendBodies(queue, [toBinary(EnvelopeSchema, { ...envelope, failure })]);
}
