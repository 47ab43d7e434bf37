// Sends typed events to a queue.
import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { exceededLimit, limitText, type QueueLimit } from "../../core/queue/limits.ts";
import { sealed } from "./envelope.ts";
import { type EventOrigin, NO_ORIGIN } from "./origin.ts";

export interface SendOptions {
  /** The call that causes the events: `originOf(context)`. None by default. */
  readonly origin?: EventOrigin;
  /** Seconds until the events are delivered, a whole number from 0 to 86 400 (a day). By default the delay of the queue. */
  readonly delaySeconds?: number;
  /** When the events happened, epoch ms. Now by default. */
  readonly eventTimeMs?: number;
}

/** A queue that carries events of one type. */
export interface EventQueue<S extends DescMessage> {
  /**
   * @returns the id of the event, when the queue has stored it
   * @throws QueueLimitError where it is larger than 127,600 bytes with its envelope (128 KB less what the platform adds): nothing is sent
   * @throws Error of the platform where the queue did not accept it, or did not confirm it: it may have been sent
   */
  send(event: MessageInitShape<S>, options?: SendOptions): Promise<string>;
  /**
   * @param events 1 to 100, together at most 256 KB
   * @returns the ids of the events, in their order, when the queue has stored all of them
   * @throws QueueLimitError as `send`, and for larger batches: nothing is sent
   */
  sendBatch(events: readonly MessageInitShape<S>[], options?: SendOptions): Promise<string[]>;
}

/** Something that cannot be sent; none of it was. `limit` says which limit it exceeds. */
export class QueueLimitError extends Error {
  override readonly name = "QueueLimitError";
  readonly limit: QueueLimit;

  constructor(limit: QueueLimit) {
    super(limitText(limit));
    this.limit = limit;
  }
}

/**
 * A typed producer. It is cheap: create one where an event is sent.
 *
 * ```ts
 * await queueOf(SignupSchema, env.SIGNUPS).send({ userId }, { origin: originOf(context) });
 * ```
 *
 * An event that must not be lost where the Worker ends between a change and `send` is recorded in an `Outbox` instead.
 *
 * @param queue a binding of `[[queues.producers]]`
 */
export function queueOf<S extends DescMessage>(schema: S, queue: Queue): EventQueue<S> {
  const send = async (events: readonly MessageInitShape<S>[], options: SendOptions = {}): Promise<string[]> => {
    const { origin = NO_ORIGIN, delaySeconds, eventTimeMs = Date.now() } = options;
    const ids = events.map(() => crypto.randomUUID());
    const bodies = events.map((event, index) => sealed(schema, event, { id: ids[index]!, eventTimeMs, origin, outbox: "" }));
    throwIfExceeded(bodies, delaySeconds);
    if (bodies.length > 0) await sendBodies(queue, bodies, delaySeconds);
    return ids;
  };
  return {
    send: async (event, options) => (await send([event], options))[0]!,
    sendBatch: send,
  };
}

/** @throws QueueLimitError */
export function throwIfExceeded(bodies: readonly Uint8Array[], delaySeconds = 0): void {
  const limit = exceededLimit(
    bodies.map(({ byteLength }) => byteLength),
    delaySeconds,
  );
  if (limit !== undefined) throw new QueueLimitError(limit);
}

/** Sends envelopes that are within the limits. */
export async function sendBodies(queue: Queue, bodies: readonly Uint8Array[], delaySeconds?: number): Promise<void> {
  const options = delaySeconds === undefined ? {} : { delaySeconds };
  if (bodies.length === 1) await queue.send(bodies[0]!, { contentType: "bytes", ...options });
  else await queue.sendBatch(bodies.map((body) => ({ body, contentType: "bytes", ...options })));
}
