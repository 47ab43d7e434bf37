// The methods of tidegate.queue.v1.DeadLetterService: operators list dead letters, send them again, and delete them.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { batchLength } from "../../../core/queue/limits.ts";
import type { DeadLetterService } from "../../../protos/gen/tidegate/queue/v1/dead_letters_pb.ts";
import { EnvelopeSchema } from "../../../protos/gen/tidegate/queue/v1/envelope_pb.ts";
import { sendBodies } from "../producer.ts";
import type { DeadLetters, StoredDeadLetter } from "./store.ts";

const MAX_PAGE = 100;

/**
 * Serve them with `defineServices`, beside the service of the Worker. A dead letter that is sent again and fails again comes back with another
 * number.
 *
 * @param store the object of the queue, called for each call
 * @param queue a producer binding of the queue to which dead letters are sent again
 */
export function deadLetterMethods(store: () => DurableObjectStub<DeadLetters>, queue: Queue): ServiceImpl<typeof DeadLetterService> {
  return {
    async listDeadLetters({ pageSize, afterNumber }) {
      const limit = Math.min(MAX_PAGE, pageSize > 0 ? pageSize : 20);
      const { deadLetters, total } = await store().list(Number(afterNumber), limit);
      const messages = deadLetters.map(({ number, envelope, storedAt }) => {
        return { number: BigInt(number), event: fromBinary(EnvelopeSchema, envelope), storeTime: timestampFromMs(storedAt) };
      });
      return { deadLetters: messages, total: BigInt(total) };
    },

    async resendDeadLetters(request) {
      const numbers = numbersOf(request.numbers);
      const sent: bigint[] = [];
      for (let rest: readonly StoredDeadLetter[] = await store().find(numbers); rest.length > 0; ) {
        const bodies = rest.map(bodyOf);
        const length = batchLength(bodies.map(({ byteLength }) => byteLength));
        await sendBodies(queue, bodies.slice(0, length));
        // Where this fails, the dead letters stay, though they were sent: the consumer recognizes those that it has handled.
        await store().remove(rest.slice(0, length).map(({ number }) => number));
        sent.push(...rest.slice(0, length).map(({ number }) => BigInt(number)));
        rest = rest.slice(length);
      }
      return { numbers: sent };
    },

    async deleteDeadLetters(request) {
      await store().remove(numbersOf(request.numbers));
      return {};
    },
  };
}

/** What was taken from the queue: an envelope, without the reason of its failure; or the bytes of a message that was none. */
function bodyOf({ envelope }: StoredDeadLetter): Uint8Array {
  const { failure: _, ...event } = fromBinary(EnvelopeSchema, envelope);
  return event.id === "" ? event.payload : toBinary(EnvelopeSchema, event);
}

/** @throws ConnectError `invalid_argument` */
function numbersOf(numbers: readonly bigint[]): number[] {
  if (numbers.length >= 1 && numbers.length <= MAX_PAGE) return numbers.map(Number);
  throw new ConnectError(`numbers: found ${numbers.length} of them; write 1 to ${MAX_PAGE}`, Code.InvalidArgument);
}
