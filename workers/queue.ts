// The export `tidegate/queue`: typed events over Cloudflare Queues, with an outbox, idempotent handling and dead letters.
export type { Backoff } from "../core/queue/backoff.ts";
export type { QueueLimit } from "../core/queue/limits.ts";
export { DeadLetterService } from "../protos/gen/tidegate/queue/v1/dead_letters_pb.ts";
export { AlarmSchedule, type AlarmTask } from "./alarm-schedule.ts";
export { byQueue } from "./queue/by-queue.ts";
export { type ConsumerOptions, type Delivery, defineConsumer, type QueueHandler, RefusedEvent } from "./queue/consumer.ts";
export { type DeadLetterOptions, storeDeadLetters } from "./queue/dead-letters/consumer.ts";
export { deadLetterMethods } from "./queue/dead-letters/methods.ts";
export { DeadLetters, type StoredDeadLetter } from "./queue/dead-letters/store.ts";
export { HandledEvents } from "./queue/handled-events.ts";
export { type EventOrigin, originOf } from "./queue/origin.ts";
export { Outbox, type OutboxOptions } from "./queue/outbox.ts";
export { type EventQueue, QueueLimitError, queueOf, type SendOptions } from "./queue/producer.ts";
