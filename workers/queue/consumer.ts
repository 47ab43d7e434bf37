// Handles the events of a queue: one by one, each acknowledged, delivered again or given up by itself.
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { concurrently } from "../../core/concurrently.ts";
import { type Backoff, backoffSeconds } from "../../core/queue/backoff.ts";
import { type Envelope, Failure_Reason } from "../../protos/gen/tidegate/queue/v1/envelope_pb.ts";
import { logEvent } from "../log.ts";
import { settledWithin } from "../settled-within.ts";
import { sendDeadLetter } from "./dead-letters/send-dead-letter.ts";
import { opened } from "./envelope.ts";
import type { EventOrigin } from "./origin.ts";

/** The delivery of an event, beside the event itself. */
export interface Delivery {
  readonly id: string; // the same for each delivery of the event: the key of `HandledEvents`
  readonly eventTimeMs: number; // epoch ms
  readonly origin: EventOrigin; // the call that caused the event
  readonly attempt: number; // 1 for the first delivery
  readonly queue: string;
  readonly signal: AbortSignal; // aborted when the time of this attempt is over
}

export interface ConsumerOptions<S extends DescMessage, Env> {
  /**
   * Handles one event; it is acknowledged when this resolves. Where it throws, the event is delivered again later. An event may be delivered
   * more than once, and out of order: record its id with its effect (`HandledEvents`).
   */
  handle(event: MessageShape<S>, delivery: Delivery, env: Env): void | Promise<void>;
  /** The dead letter queue: a producer binding of the queue that `dead_letter_queue` names. */
  deadLetters(env: Env): Queue;
  /**
   * Confirms events to the outbox that holds them. By default none is confirmed: needed where the producer has an `Outbox`. Where it fails,
   * the outbox sends the events again, and `HandledEvents` recognizes them.
   */
  confirm?(outbox: string, ids: readonly string[], env: Env): Promise<void>;
  /** Deliveries after which an event that fails goes to the dead letter queue. At most `max_retries` + 1 of the queue. 10 by default. */
  readonly maxAttempts?: number;
  /** Pause before the next delivery. 2 s after the first failure by default, doubled by each one, at most 900 s; with jitter. */
  readonly backoff?: Backoff;
  /** Events of a batch that are handled at the same time. 10 by default; 1 handles them in the order of the batch. */
  readonly concurrency?: number;
  /** Time of one attempt, ms. 30 000 by default. A batch has 15 minutes in all. */
  readonly timeoutMs?: number;
}

/** The `queue` handler of a Worker. */
export type QueueHandler<Env> = (batch: MessageBatch, env: Env) => Promise<void>;

/** Thrown by a handler: delivering the event again is of no use. It goes to the dead letter queue at once. */
export class RefusedEvent extends Error {
  override readonly name = "RefusedEvent";
}

const BACKOFF: Backoff = { firstMs: 2_000, maxMs: 900_000 };

type Outcome = { readonly kind: "handled"; readonly envelope: Envelope } | { readonly kind: "other" };

/**
 * A typed consumer, as the `queue` handler of a Worker that may serve calls, too:
 *
 * ```ts
 * export default {
 *   ...defineService(SignupService, signups),
 *   queue: defineConsumer(SignupSchema, {
 *     handle: (signup, { id }, env: Env) => env.MAILS.getByName(signup.userId).welcome(id, signup),
 *     deadLetters: (env) => env.DEAD_SIGNUPS,
 *   }),
 * };
 * ```
 *
 * A message that cannot be decoded, and one that has failed `maxAttempts` times, goes to the dead letter queue with the reason.
 */
export function defineConsumer<S extends DescMessage, Env>(schema: S, options: ConsumerOptions<S, Env>): QueueHandler<Env> {
  const { concurrency = 10 } = options;
  return async (batch, env) => {
    const handled = new Map<string, string[]>(); // ids by outbox
    await concurrently(concurrency, batch.messages, async (message) => {
      const outcome = await process(schema, options, message, batch.queue, env);
      if (outcome.kind === "other" || outcome.envelope.outbox === "") return;
      const { outbox, id } = outcome.envelope;
      handled.set(outbox, [...(handled.get(outbox) ?? []), id]);
    });
    await confirmAll(handled, (outbox, ids) => options.confirm?.(outbox, ids, env));
  };
}

/** Confirms events to their outboxes. Never rejects: an outbox that cannot be reached sends its events again. */
export async function confirmAll(
  handled: ReadonlyMap<string, readonly string[]>,
  confirm: (outbox: string, ids: readonly string[]) => Promise<void> | undefined,
): Promise<void> {
  for (const [outbox, ids] of handled) {
    try {
      await confirm(outbox, ids);
    } catch (error) {
      logEvent("event_confirmation_failed", { outbox, events: ids.length, error });
    }
  }
}

async function process<S extends DescMessage, Env>(
  schema: S,
  options: ConsumerOptions<S, Env>,
  message: Message,
  queue: string,
  env: Env,
): Promise<Outcome> {
  const { maxAttempts = 10, backoff = BACKOFF } = options;
  const read = opened(schema, message.body);
  const { envelope } = read;
  const giveUp = async (reason: Failure_Reason, error: unknown): Promise<Outcome> => {
    const facts = { queue, eventId: envelope.id || message.id, requestId: envelope.requestId || null, attempts: message.attempts, error };
    try {
      await sendDeadLetter(options.deadLetters(env), envelope, { reason, queue, error, attempts: message.attempts });
      logEvent("event_given_up", facts);
      message.ack();
    } catch (reason) {
      // The platform moves it to the dead letter queue after `max_retries`.
      logEvent("event_failed", { ...facts, delaySeconds: backoffLater(message, backoff), error: reason });
    }
    return { kind: "other" };
  };
  if (read.kind === "unreadable") return giveUp(read.reason, read.error);
  try {
    await attempt(read.event, envelope, options, message, queue, env);
    message.ack();
    return { kind: "handled", envelope };
  } catch (error) {
    // An error of another isolate loses its class on the way, and keeps its name.
    if (error instanceof Error && error.name === "RefusedEvent") return giveUp(Failure_Reason.REFUSED, error);
    if (message.attempts >= maxAttempts) return giveUp(Failure_Reason.ATTEMPTS, error);
    const { id, requestId } = envelope;
    const delaySeconds = backoffLater(message, backoff);
    logEvent("event_failed", { queue, eventId: id, requestId: requestId || null, attempts: message.attempts, delaySeconds, error });
    return { kind: "other" };
  }
}

/** @returns seconds until the next delivery */
function backoffLater(message: Message, backoff: Backoff): number {
  const delaySeconds = backoffSeconds(message.attempts, backoff, Math.random());
  message.retry({ delaySeconds });
  return delaySeconds;
}

/** @throws what the handler throws, or a TimeoutError where its time is over; it may run on then */
async function attempt<S extends DescMessage, Env>(
  event: MessageShape<S>,
  { id, eventTime, requestId, traceparent }: Envelope,
  options: ConsumerOptions<S, Env>,
  message: Message,
  queue: string,
  env: Env,
): Promise<void> {
  const { timeoutMs = 30_000 } = options;
  const eventTimeMs = eventTime === undefined ? message.timestamp.getTime() : timestampMs(eventTime);
  const facts = { id, eventTimeMs, origin: { requestId, traceparent }, attempt: message.attempts, queue };
  await settledWithin(timeoutMs, async (signal) => options.handle(event, { ...facts, signal }, env));
}
