// Events that a Durable Object records with the changes they tell of, and hands to a queue by its alarm, until a consumer confirms them.
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Backoff, backoffMs } from "../../core/queue/backoff.ts";
import { batchLength, MAX_BATCH_MESSAGES } from "../../core/queue/limits.ts";
import { EnvelopeSchema } from "../../protos/gen/tidegate/queue/v1/envelope_pb.ts";
import type { AlarmTask } from "../alarm-schedule.ts";
import { logEvent } from "../log.ts";
import { settledWithin } from "../settled-within.ts";
import { sealed } from "./envelope.ts";
import { type EventOrigin, NO_ORIGIN } from "./origin.ts";
import { sendBodies, throwIfExceeded } from "./producer.ts";

export interface OutboxOptions {
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

const RESEND: Backoff = { firstMs: 300_000, maxMs: 21_600_000 };
const RETRY: Backoff = { firstMs: 1_000, maxMs: 300_000 };
const BATCHES = 20; // sent by one alarm; the next one follows at once
const SEND_TIMEOUT_MS = 30_000; // Limit of one batch.
const AT_ONCE = 0; // Value of `due` of an event that was never sent: all of them before those that are sent again, in the order of their record

/** Kept over evictions. */
interface Failing {
  readonly failures: number;
  readonly until: number; // epoch ms
}

interface OutboxRow extends Record<string, SqlStorageValue> {
  readonly seq: number;
  readonly envelope: ArrayBuffer;
  readonly sends: number;
}

/**
 * An outbox. Record the event in the transaction of the change; make the outbox a task of the object's `AlarmSchedule`; and let the consumer
 * call `confirm`.
 *
 * What is promised: a recorded event reaches the queue at least once, also where the object is evicted, the queue fails, or the queue loses
 * what it has accepted. Events are handed to the queue in the order of their record; the queue does not keep it.
 */
export class Outbox<S extends DescMessage> implements AlarmTask {
  /** SQL that creates the table; it is a step of the migrations of the object. */
  static readonly TABLE =
    "CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, envelope BLOB NOT NULL, due INTEGER NOT NULL, sends INTEGER NOT NULL); CREATE INDEX outbox_due ON outbox (due)";

  readonly #schema: S;
  readonly #storage: DurableObjectStorage;
  readonly #options: OutboxOptions;
  readonly #maxRows: number;

  constructor(schema: S, storage: DurableObjectStorage, options: OutboxOptions) {
    this.#schema = schema;
    this.#storage = storage;
    this.#options = options;
    this.#maxRows = options.maxRows ?? 100_000;
    const { name } = options;
    if (name !== undefined && this.#name() !== name) storage.kv.put("outbox_name", name);
  }

  /** Whether so many events wait for their confirmation that no other one can be recorded: refuse the change then. */
  get isFull(): boolean {
    const span = "SELECT COALESCE(MAX(seq) - MIN(seq) + 1, 0) AS span FROM outbox"; // at least the number of rows, and cheap
    return this.#storage.sql.exec<{ span: number }>(span).one().span >= this.#maxRows && this.size >= this.#maxRows;
  }

  /** Events that wait for their confirmation. */
  get size(): number {
    return this.#storage.sql.exec<{ rows: number }>("SELECT COUNT(*) AS rows FROM outbox").one().rows;
  }

  /**
   * Records an event. Call it in the transaction of the change (`AlarmSchedule.change`).
   *
   * @param now epoch ms: the time of the event
   * @throws QueueLimitError where the event is too large for a queue; Error where the outbox is full, or no instance of it ever had a name.
   *         Nothing is recorded then
   */
  record(event: MessageInitShape<S>, now: number, origin: EventOrigin = NO_ORIGIN): void {
    if (this.isFull) throw new Error(`the outbox has ${this.#maxRows} events that are not confirmed`);
    const outbox = this.#name();
    if (outbox === undefined) throw new Error("the outbox has no name, and no consumer could confirm its events; reach its object by `getByName`");
    const envelope = sealed(this.#schema, event, { id: "", eventTimeMs: now, origin, outbox });
    throwIfExceeded([withId(this.#epoch(), Number.MAX_SAFE_INTEGER, envelope)]);
    this.#storage.sql.exec("INSERT INTO outbox (envelope, due, sends) VALUES (?, ?, 0)", envelope, AT_ONCE);
  }

  /** A consumer has handled these events: they are deleted. Ids that are gone, or of another outbox, change nothing. @param ids 1,000 at most */
  confirm(ids: readonly string[]): void {
    const epoch = this.#epoch();
    const own = ids.slice(0, 1_000).filter((id) => id.startsWith(`${epoch}.`));
    const numbers = JSON.stringify(own.map((id) => Number(id.slice(epoch.length + 1))).filter(Number.isSafeInteger));
    this.#storage.sql.exec("DELETE FROM outbox WHERE seq IN (SELECT value FROM json_each(?))", numbers);
  }

  dueAt(): number | undefined {
    const { due } = this.#storage.sql.exec<{ due: number | null }>("SELECT MIN(due) AS due FROM outbox").one();
    return due === null ? undefined : Math.max(due, this.#failing()?.until ?? 0);
  }

  /** Hands what is due to the queue, batch by batch, in order. Where the queue does not accept a batch, the rest waits with it. */
  async run(now: number): Promise<void> {
    for (let sent = 0; sent < BATCHES; sent++) {
      const due = "SELECT seq, envelope, sends FROM outbox WHERE due <= ? ORDER BY due, seq LIMIT ?";
      const rows = this.#storage.sql.exec<OutboxRow>(due, now, MAX_BATCH_MESSAGES).toArray();
      const bodies = rows.map(({ seq, envelope }) => withId(this.#epoch(), seq, new Uint8Array(envelope)));
      const length = batchLength(bodies.map(({ byteLength }) => byteLength));
      if (length === 0) return;
      try {
        await settledWithin(SEND_TIMEOUT_MS, () => sendBodies(this.#options.queue, bodies.slice(0, length))); // after it, they may have been sent
      } catch (error) {
        return this.#pause(now, error);
      }
      this.#sent(rows.slice(0, length), now);
    }
  }

  /** The queue has accepted these events; those that were confirmed in the meantime are gone. */
  #sent(batch: readonly OutboxRow[], now: number): void {
    const { resend = RESEND } = this.#options;
    const { sql, kv } = this.#storage;
    this.#storage.transactionSync(() => {
      for (const sends of new Set(batch.map((row) => row.sends))) {
        const numbers = JSON.stringify(batch.filter((row) => row.sends === sends).map(({ seq }) => seq));
        const due = now + Math.min(resend.maxMs, resend.firstMs * 2 ** Math.min(sends, 40));
        sql.exec("UPDATE outbox SET due = ?, sends = sends + 1 WHERE seq IN (SELECT value FROM json_each(?))", due, numbers);
      }
      if (this.#failing() !== undefined) kv.delete("outbox_failing");
    });
  }

  #pause(now: number, error: unknown): void {
    const failures = (this.#failing()?.failures ?? 0) + 1;
    const pauseMs = backoffMs(failures, this.#options.retry ?? RETRY, Math.random());
    this.#storage.kv.put<Failing>("outbox_failing", { failures, until: now + pauseMs });
    logEvent("outbox_send_failed", { outbox: this.#name() ?? "", events: this.size, failures, pauseMs, error });
  }

  #name(): string | undefined {
    return this.#storage.kv.get<string>("outbox_name");
  }

  #failing(): Failing | undefined {
    return this.#storage.kv.get<Failing>("outbox_failing");
  }

  /** Part of each id: after all storage was deleted, numbers begin anew, and ids still differ from those before. */
  #epoch(): string {
    const { kv } = this.#storage;
    const stored = kv.get<string>("outbox_epoch");
    if (stored !== undefined) return stored;
    const epoch = crypto.randomUUID();
    kv.put("outbox_epoch", epoch);
    return epoch;
  }
}

/** An envelope with its id: where messages of protobuf are joined, each field has its last value. */
function withId(epoch: string, seq: number, envelope: Uint8Array): Uint8Array {
  const id = toBinary(EnvelopeSchema, create(EnvelopeSchema, { id: `${epoch}.${seq}` }));
  const joined = new Uint8Array(id.byteLength + envelope.byteLength);
  joined.set(id);
  joined.set(envelope, id.byteLength);
  return joined;
}
