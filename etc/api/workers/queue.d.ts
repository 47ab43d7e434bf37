import { DurableObject } from "cloudflare:workers";
import { DescMessage, Message, MessageInitShape, MessageShape, UnknownEnum } from "@bufbuild/protobuf";
import { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { GenMessage, GenService } from "@bufbuild/protobuf/codegenv2";
import { EmptySchema, Timestamp } from "@bufbuild/protobuf/wkt";
interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}
/** Why something cannot be sent. */
type QueueLimit = {
  readonly kind: "message_too_large";
  readonly index: number;
  readonly bytes: number;
} | {
  readonly kind: "batch_too_large";
  readonly bytes: number;
} | {
  readonly kind: "too_many_messages";
  readonly messages: number;
} | {
  readonly kind: "delay_out_of_range";
  readonly seconds: number;
};
/**
 * One event on its way through a queue. A message of a queue is one envelope, in binary.
 *
 * @generated from message tidegate.queue.v1.Envelope
 */
type Envelope = Message<"tidegate.queue.v1.Envelope"> & {
  /**
   * Unique for each event. It stays the same however often the event is sent or delivered: consumers recognize repetitions by it.
   *
   * @generated from field: string id = 1;
   */
  id: string;
  /**
   * Full name of the message in `payload`, as in `orders.v1.OrderChange`.
   *
   * @generated from field: string type = 2;
   */
  type: string;
  /**
   * The event, in binary.
   *
   * @generated from field: bytes payload = 3;
   */
  payload: Uint8Array;
  /**
   * When it happened.
   *
   * @generated from field: google.protobuf.Timestamp event_time = 4;
   */
  eventTime?: Timestamp | undefined;
  /**
   * Of the call that caused it; empty for none.
   *
   * @generated from field: string request_id = 5;
   */
  requestId: string;
  /**
   * Of that call, by W3C Trace Context; empty for none.
   *
   * @generated from field: string traceparent = 6;
   */
  traceparent: string;
  /**
   * The outbox that holds the event until a consumer confirms its id; empty where it was sent without one.
   *
   * @generated from field: string outbox = 7;
   */
  outbox: string;
  /**
   * Why it is in a dead letter queue. Absent where the platform has put it there.
   *
   * @generated from field: tidegate.queue.v1.Failure failure = 8;
   */
  failure?: Failure | undefined;
};
/**
 * Why a consumer has given an event up.
 *
 * @generated from message tidegate.queue.v1.Failure
 */
type Failure = Message<"tidegate.queue.v1.Failure"> & {
  /**
   * @generated from field: tidegate.queue.v1.Failure.Reason reason = 1;
   */
  reason: Failure_Reason;
  /**
   * Name of the queue that it was taken from.
   *
   * @generated from field: string queue = 2;
   */
  queue: string;
  /**
   * Text of the last error, shortened.
   *
   * @generated from field: string error = 3;
   */
  error: string;
  /**
   * @generated from field: int32 attempts = 4;
   */
  attempts: number;
  /**
   * @generated from field: google.protobuf.Timestamp fail_time = 5;
   */
  failTime?: Timestamp | undefined;
};
/**
 * The reasons for which a consumer gives an event up.
 *
 * @generated from enum tidegate.queue.v1.Failure.Reason
 */
declare const Failure_Reason: {
  /**
   * @generated from enum value: REASON_UNSPECIFIED = 0;
   */
  readonly UNSPECIFIED: 0;
  /**
   * It failed as often as it may.
   *
   * @generated from enum value: REASON_ATTEMPTS = 1;
   */
  readonly ATTEMPTS: 1;
  /**
   * It is no envelope; `payload` has its bytes, and `type` is empty.
   *
   * @generated from enum value: REASON_UNDECODABLE = 2;
   */
  readonly UNDECODABLE: 2;
  /**
   * The message in it is of another type than the consumer reads.
   *
   * @generated from enum value: REASON_UNEXPECTED_TYPE = 3;
   */
  readonly UNEXPECTED_TYPE: 3;
  /**
   * The handler has refused it for good.
   *
   * @generated from enum value: REASON_REFUSED = 4;
   */
  readonly REFUSED: 4;
};
/**
 * The reasons for which a consumer gives an event up.
 *
 * @generated from enum tidegate.queue.v1.Failure.Reason
 */
type Failure_Reason = (typeof Failure_Reason)[keyof typeof Failure_Reason] | UnknownEnum;
/**
 * One event that could not be handled.
 *
 * @generated from message tidegate.queue.v1.DeadLetter
 */
type DeadLetter = Message<"tidegate.queue.v1.DeadLetter"> & {
  /**
   * Grows from one dead letter to the next.
   *
   * @generated from field: int64 number = 1;
   */
  number: bigint;
  /**
   * The event, with the reason in `failure` where a consumer has given it up.
   *
   * @generated from field: tidegate.queue.v1.Envelope event = 2;
   */
  event?: Envelope | undefined;
  /**
   * When it was stored here.
   *
   * @generated from field: google.protobuf.Timestamp store_time = 3;
   */
  storeTime?: Timestamp | undefined;
};
/**
 * @generated from message tidegate.queue.v1.ListDeadLettersRequest
 */
type ListDeadLettersRequest = Message<"tidegate.queue.v1.ListDeadLettersRequest"> & {
  /**
   * Most dead letters to return; 0 means 20, and more than 100 means 100.
   *
   * @generated from field: int32 page_size = 1;
   */
  pageSize: number;
  /**
   * Lists those after this number.
   *
   * @generated from field: int64 after_number = 2;
   */
  afterNumber: bigint;
};
/**
 * Describes the message tidegate.queue.v1.ListDeadLettersRequest.
 * Use `create(ListDeadLettersRequestSchema)` to create a new message.
 */
declare const ListDeadLettersRequestSchema: GenMessage<ListDeadLettersRequest>;
/**
 * @generated from message tidegate.queue.v1.ListDeadLettersResponse
 */
type ListDeadLettersResponse = Message<"tidegate.queue.v1.ListDeadLettersResponse"> & {
  /**
   * @generated from field: repeated tidegate.queue.v1.DeadLetter dead_letters = 1;
   */
  deadLetters: DeadLetter[];
  /**
   * Of all pages.
   *
   * @generated from field: int64 total = 2;
   */
  total: bigint;
};
/**
 * Describes the message tidegate.queue.v1.ListDeadLettersResponse.
 * Use `create(ListDeadLettersResponseSchema)` to create a new message.
 */
declare const ListDeadLettersResponseSchema: GenMessage<ListDeadLettersResponse>;
/**
 * @generated from message tidegate.queue.v1.ResendDeadLettersRequest
 */
type ResendDeadLettersRequest = Message<"tidegate.queue.v1.ResendDeadLettersRequest"> & {
  /**
   * 1 to 100 numbers; those that are gone are left out.
   *
   * @generated from field: repeated int64 numbers = 1;
   */
  numbers: bigint[];
};
/**
 * Describes the message tidegate.queue.v1.ResendDeadLettersRequest.
 * Use `create(ResendDeadLettersRequestSchema)` to create a new message.
 */
declare const ResendDeadLettersRequestSchema: GenMessage<ResendDeadLettersRequest>;
/**
 * @generated from message tidegate.queue.v1.ResendDeadLettersResponse
 */
type ResendDeadLettersResponse = Message<"tidegate.queue.v1.ResendDeadLettersResponse"> & {
  /**
   * The numbers that the queue has accepted.
   *
   * @generated from field: repeated int64 numbers = 1;
   */
  numbers: bigint[];
};
/**
 * Describes the message tidegate.queue.v1.ResendDeadLettersResponse.
 * Use `create(ResendDeadLettersResponseSchema)` to create a new message.
 */
declare const ResendDeadLettersResponseSchema: GenMessage<ResendDeadLettersResponse>;
/**
 * @generated from message tidegate.queue.v1.DeleteDeadLettersRequest
 */
type DeleteDeadLettersRequest = Message<"tidegate.queue.v1.DeleteDeadLettersRequest"> & {
  /**
   * 1 to 100 numbers.
   *
   * @generated from field: repeated int64 numbers = 1;
   */
  numbers: bigint[];
};
/**
 * Describes the message tidegate.queue.v1.DeleteDeadLettersRequest.
 * Use `create(DeleteDeadLettersRequestSchema)` to create a new message.
 */
declare const DeleteDeadLettersRequestSchema: GenMessage<DeleteDeadLettersRequest>;
/**
 * Serves the dead letters of one queue. Whoever may call it reads events and repeats them: serve it to operators alone.
 *
 * @generated from service tidegate.queue.v1.DeadLetterService
 */
export declare const DeadLetterService: GenService<{
  /**
   * Lists dead letters, the oldest first, a page at a time.
   *
   * @generated from rpc tidegate.queue.v1.DeadLetterService.ListDeadLetters
   */
  listDeadLetters: {
    methodKind: "unary";
    input: typeof ListDeadLettersRequestSchema;
    output: typeof ListDeadLettersResponseSchema;
  };
  /**
   * Sends dead letters to their queue again, and removes those that the queue has accepted.
   *
   * @generated from rpc tidegate.queue.v1.DeadLetterService.ResendDeadLetters
   */
  resendDeadLetters: {
    methodKind: "unary";
    input: typeof ResendDeadLettersRequestSchema;
    output: typeof ResendDeadLettersResponseSchema;
  };
  /**
   * Removes dead letters without sending them again. Those that are gone are no error.
   *
   * @generated from rpc tidegate.queue.v1.DeadLetterService.DeleteDeadLetters
   */
  deleteDeadLetters: {
    methodKind: "unary";
    input: typeof DeleteDeadLettersRequestSchema;
    output: typeof EmptySchema;
  };
}>;
/** Work that an object does at a later time. What is due is read from storage, so that it is the same after an eviction. */
interface AlarmTask {
  /** When the task is due, epoch ms; a time in the past means now. Undefined: nothing is to do. */
  dueAt(): number | undefined;
  /** Does what is due at `now`, epoch ms. Afterwards `dueAt` is later, or undefined. */
  run(now: number): void | Promise<void>;
}
/**
 * Sets the alarm of an object for all its tasks, since an object has only one.
 *
 * ```ts
 * readonly #alarms = new AlarmSchedule(this.ctx.storage, { outbox: this.#outbox, expiry: this.#keys });
 *
 * place(order: Order): void {
 *   this.#alarms.change(() => { ...; this.#outbox.record(...); });
 * }
 *
 * override alarm(): Promise<void> {
 *   return this.#alarms.run();
 * }
 * ```
 */
export declare class AlarmSchedule {
  #private;
  /** @param tasks by the names that log records have */
  constructor(storage: DurableObjectStorage, tasks: Readonly<Record<string, AlarmTask>>);
  /**
   * Runs a change of the storage in one transaction, together with the alarm for what it made due. Changes may be nested.
   *
   * @throws what `write` throws; nothing has changed then
   */
  change<T>(write: () => T): T;
  /** Sets the alarm, where it is not set or too late. `change` does so by itself. */
  update(): void;
  /**
   * The alarm handler: runs each task that is due, then sets the next alarm. A task that fails is logged and runs again after a pause; it
   * delays no other one. Never rejects, since the platform gives an alarm up that has failed seven times.
   */
  run(now?: number): Promise<void>;
}
/** Plain data: it may be passed to a Durable Object. */
interface EventOrigin {
  readonly requestId: string;
  readonly traceparent: string;
}
/** @returns the call that is being served; headers that are malformed are left out */
export declare function originOf({ requestHeader }: HandlerContext): EventOrigin;
/** The delivery of an event, beside the event itself. */
interface Delivery {
  readonly id: string;
  readonly eventTimeMs: number;
  readonly origin: EventOrigin;
  readonly attempt: number;
  readonly queue: string;
  readonly signal: AbortSignal;
}
interface ConsumerOptions<S extends DescMessage, Env> {
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
type QueueHandler<Env> = (batch: MessageBatch, env: Env) => Promise<void>;
/** Thrown by a handler: delivering the event again is of no use. It goes to the dead letter queue at once. */
export declare class RefusedEvent extends Error {
  readonly name = "RefusedEvent";
}
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
export declare function defineConsumer<S extends DescMessage, Env>(schema: S, options: ConsumerOptions<S, Env>): QueueHandler<Env>;
/**
 * @param consumers by the names of their queues. A name also stands for the queues of environments, whose names go on with a dash:
 *                  "order-events" for "order-events-staging"; the longest name that fits is taken
 * @returns the `queue` handler. It throws for a queue that has no consumer here: its messages are delivered again
 */
export declare function byQueue<Env>(consumers: Readonly<Record<string, QueueHandler<Env>>>): QueueHandler<Env>;
/** Plain data, fit for calls between Workers. */
interface StoredDeadLetter {
  readonly number: number;
  readonly envelope: Uint8Array;
  readonly storedAt: number;
}
/** Bound: `maxRows` dead letters. What comes after is refused, and stays in the dead letter queue as long as that keeps it. */
export declare class DeadLetters extends DurableObject {
  /** Dead letters that are stored at most: 1.3 GB where all have the largest size. */
  maxRows: number;
  constructor(ctx: DurableObjectState, env: Cloudflare.Env);
  /**
   * @param message id that the queue has given the message: one that is delivered again is stored once
   * @returns false where it is not stored, because there are too many
   */
  add(message: string, envelope: Uint8Array): boolean;
  /** The first ones after a number. @param limit at most 100 */
  list(after: number, limit: number): {
    readonly deadLetters: StoredDeadLetter[];
    readonly total: number;
  };
  /** @returns those of the numbers that are stored */
  find(numbers: readonly number[]): StoredDeadLetter[];
  remove(numbers: readonly number[]): void;
  total(): number;
}
interface DeadLetterOptions<Env> {
  /** The object of the queue: `env.DEAD_LETTERS.getByName("order-events")`. Called for each batch. */
  store(env: Env): DurableObjectStub<DeadLetters>;
  /** As for `defineConsumer`: an event that is stored here needs its outbox no more. */
  confirm?(outbox: string, ids: readonly string[], env: Env): Promise<void>;
}
/** The `queue` handler of a dead letter queue. A message that cannot be stored stays in the queue, and is delivered again. */
export declare function storeDeadLetters<Env>(options: DeadLetterOptions<Env>): QueueHandler<Env>;
/**
 * Serve them with `defineServices`, beside the service of the Worker. A dead letter that is sent again and fails again comes back with another
 * number.
 *
 * @param store the object of the queue, called for each call
 * @param queue a producer binding of the queue to which dead letters are sent again
 */
export declare function deadLetterMethods(store: () => DurableObjectStub<DeadLetters>, queue: Queue): ServiceImpl<typeof DeadLetterService>;
/** In the object that an event changes. A row is about 100 bytes; the oldest are deleted first. */
export declare class HandledEvents {
  #private;
  /** SQL that creates the table; it is a step of the migrations of the object. */
  static readonly TABLE = "CREATE TABLE handled_events (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL)";
  /** Ids that are stored at most. An event is recognized until so many newer ones were handled, or for 15 days. */
  maxRows: number;
  constructor(storage: DurableObjectStorage);
  /**
   * Runs `change` and records the id, in one transaction; or does nothing where the id is recorded already.
   *
   * @param id  of the event: `delivery.id`
   * @param now epoch ms
   * @returns whether `change` has run
   * @throws what `change` throws; nothing has changed then, and the event may be handled again
   */
  once(id: string, now: number, change: () => void): boolean;
}
interface OutboxOptions {
  /**
   * Name of the outbox in confirmations: that of its object, `ctx.id.name`, so that a confirmation finds it. It is stored: an object that an
   * alarm has started may not know its name.
   */
  readonly name: string | undefined;
  /** A binding of `[[queues.producers]]`. */
  readonly queue: Queue;
  /**
   * Time until an event that is not confirmed is sent again. 5 minutes after it was sent first by default, doubled each time, at most 6 hours.
   * A consumer that delays deliveries for longer gets more repetitions, and recognizes them.
   */
  readonly resend?: Backoff;
  /** Pause after the queue has not accepted a batch. 1 s at first by default, doubled each time, at most 5 minutes; with jitter. */
  readonly retry?: Backoff;
  /** Events that may wait for their confirmation. 100 000 by default. */
  readonly maxRows?: number;
}
/**
 * An outbox. Record the event in the transaction of the change; make the outbox a task of the object's `AlarmSchedule`; and let the consumer
 * call `confirm`.
 *
 * What is promised: a recorded event reaches the queue at least once, also where the object is evicted, the queue fails, or the queue loses
 * what it has accepted. Events are handed to the queue in the order of their record; the queue does not keep it.
 */
export declare class Outbox<S extends DescMessage> implements AlarmTask {
  #private;
  /** SQL that creates the table; it is a step of the migrations of the object. */
  static readonly TABLE = "CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, envelope BLOB NOT NULL, due INTEGER NOT NULL, sends INTEGER NOT NULL); CREATE INDEX outbox_due ON outbox (due)";
  constructor(schema: S, storage: DurableObjectStorage, options: OutboxOptions);
  /** Whether so many events wait for their confirmation that no other one can be recorded: refuse the change then. */
  get isFull(): boolean;
  /** Events that wait for their confirmation. */
  get size(): number;
  /**
   * Records an event. Call it in the transaction of the change (`AlarmSchedule.change`).
   *
   * @param now epoch ms: the time of the event
   * @throws QueueLimitError where the event is too large for a queue; Error where the outbox is full, or no instance of it ever had a name.
   *         Nothing is recorded then
   */
  record(event: MessageInitShape<S>, now: number, origin?: EventOrigin): void;
  /** A consumer has handled these events: they are deleted. Ids that are gone, or of another outbox, change nothing. @param ids 1,000 at most */
  confirm(ids: readonly string[]): void;
  dueAt(): number | undefined;
  /** Hands what is due to the queue, batch by batch, in order. Where the queue does not accept a batch, the rest waits with it. */
  run(now: number): Promise<void>;
}
interface SendOptions {
  /** The call that causes the events: `originOf(context)`. None by default. */
  readonly origin?: EventOrigin;
  /** Seconds until the events are delivered, a whole number from 0 to 86 400 (a day). By default the delay of the queue. */
  readonly delaySeconds?: number;
  /** When the events happened, epoch ms. Now by default. */
  readonly eventTimeMs?: number;
}
/** A queue that carries events of one type. */
interface EventQueue<S extends DescMessage> {
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
export declare class QueueLimitError extends Error {
  readonly name = "QueueLimitError";
  readonly limit: QueueLimit;
  constructor(limit: QueueLimit);
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
export declare function queueOf<S extends DescMessage>(schema: S, queue: Queue): EventQueue<S>;
export type { AlarmTask, Backoff, ConsumerOptions, DeadLetterOptions, Delivery, EventOrigin, EventQueue, OutboxOptions, QueueHandler, QueueLimit, SendOptions, StoredDeadLetter };