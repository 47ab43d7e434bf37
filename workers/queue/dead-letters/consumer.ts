// Consumes a dead letter queue: stores each of its messages in a Durable Object.
import { toBinary } from "@bufbuild/protobuf";
import { type Backoff, backoffSeconds } from "../../../core/queue/backoff.ts";
import { EnvelopeSchema } from "../../../protos/gen/tidegate/queue/v1/envelope_pb.ts";
import { logEvent } from "../../log.ts";
import { confirmAll, type QueueHandler } from "../consumer.ts";
import { envelopeOf } from "../envelope.ts";
import type { DeadLetters } from "./store.ts";

export interface DeadLetterOptions<Env> {
  /** The object of the queue: `env.DEAD_LETTERS.getByName("order-events")`. Called for each batch. */
  store(env: Env): DurableObjectStub<DeadLetters>;
  /** As for `defineConsumer`: an event that is stored here needs its outbox no more. */
  confirm?(outbox: string, ids: readonly string[], env: Env): Promise<void>;
}

// A dead letter queue has no queue behind it: what fails too often there is lost. With max_retries = 100 it is tried for three days or more.
const BACKOFF: Backoff = { firstMs: 10_000, maxMs: 3_600_000 };

/** The `queue` handler of a dead letter queue. A message that cannot be stored stays in the queue, and is delivered again. */
export function storeDeadLetters<Env>(options: DeadLetterOptions<Env>): QueueHandler<Env> {
  return async (batch, env) => {
    const stored = new Map<string, string[]>();
    const store = options.store(env);
    for (const message of batch.messages) {
      const envelope = envelopeOf(message.body);
      const { id, outbox, requestId } = envelope;
      try {
        if (!(await store.add(message.id, toBinary(EnvelopeSchema, envelope)))) throw new Error("too many dead letters are stored");
        message.ack();
        if (outbox !== "") stored.set(outbox, [...(stored.get(outbox) ?? []), id]);
      } catch (error) {
        const delaySeconds = backoffSeconds(message.attempts, BACKOFF, Math.random());
        message.retry({ delaySeconds });
        const facts = { queue: batch.queue, eventId: id || message.id, requestId: requestId || null, attempts: message.attempts };
        logEvent("dead_letter_failed", { ...facts, delaySeconds, error });
      }
    }
    await confirmAll(stored, (outbox, ids) => options.confirm?.(outbox, ids, env));
  };
}
