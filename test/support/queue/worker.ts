// A Worker for tests of queues that fail: an object with an outbox, a consumer that throws or ends its isolate, and an object with the effects.
import * as platform from "cloudflare:workers";
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { OrderChangeSchema } from "../../../protos/gen/orders/v1/orders_pb.ts";
import {
  AlarmSchedule,
  byQueue,
  DeadLetters,
  defineConsumer,
  type EventOrigin,
  HandledEvents,
  Outbox,
  originOf,
  storeDeadLetters,
} from "../../../workers/queue.ts";

export { DeadLetters };

// The types of the platform do not have it yet.
const { abortIsolate } = platform as unknown as { abortIsolate(reason: string): never };

interface Env {
  readonly SOURCE: DurableObjectNamespace<Source>;
  readonly EFFECTS: DurableObjectNamespace<Effects>;
  readonly DEAD_LETTERS: DurableObjectNamespace<DeadLetters>;
  readonly EVENTS: Queue;
  readonly DEAD_EVENTS: Queue;
  readonly OUTSIDE: string; // URL that counts effects outside
}

/** Counts changes, and records an event with each. */
export class Source extends DurableObject<Env> {
  readonly #outbox: Outbox<typeof OrderChangeSchema>;
  readonly #alarms: AlarmSchedule;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(Outbox.TABLE.replace("TABLE", "TABLE IF NOT EXISTS").replace("INDEX", "INDEX IF NOT EXISTS"));
    const resend = { firstMs: 2_000, maxMs: 2_000 };
    this.#outbox = new Outbox(OrderChangeSchema, ctx.storage, { name: "source", queue: env.EVENTS, resend });
    this.#alarms = new AlarmSchedule(ctx.storage, { outbox: this.#outbox });
  }

  /** @returns the number of changes so far */
  change(origin: EventOrigin): number {
    return this.#alarms.change(() => {
      const changes = (this.ctx.storage.kv.get<number>("changes") ?? 0) + 1;
      this.ctx.storage.kv.put("changes", changes);
      this.#outbox.record({ revision: BigInt(changes) }, Date.now(), origin);
      return changes;
    });
  }

  /** The queue gets all events that wait for their confirmation once more. */
  repeat(): void {
    this.#alarms.change(() => this.ctx.storage.sql.exec("UPDATE outbox SET due = 0"));
  }

  confirm(ids: readonly string[]): void {
    this.#outbox.confirm(ids);
  }

  state(): { changes: number; waiting: number } {
    return { changes: this.ctx.storage.kv.get<number>("changes") ?? 0, waiting: this.#outbox.size };
  }

  override alarm(): Promise<void> {
    return this.#alarms.run();
  }
}

/** Counts how often each event has changed something, and how often it was attempted. */
export class Effects extends DurableObject<Env> {
  readonly #handled: HandledEvents;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(HandledEvents.TABLE.replace("TABLE", "TABLE IF NOT EXISTS"));
    this.#handled = new HandledEvents(ctx.storage);
  }

  /** @returns attempts of this event so far, this one included */
  attempt(revision: number): number {
    const attempts = (this.ctx.storage.kv.get<number>(`attempts/${revision}`) ?? 0) + 1;
    this.ctx.storage.kv.put(`attempts/${revision}`, attempts);
    return attempts;
  }

  handle(id: string, revision: number): void {
    this.#handled.once(id, Date.now(), () => {
      this.ctx.storage.kv.put(`effects/${revision}`, (this.ctx.storage.kv.get<number>(`effects/${revision}`) ?? 0) + 1);
    });
  }

  /** By revision. */
  state(): Record<string, number> {
    return Object.fromEntries([...this.ctx.storage.kv.list<number>({ prefix: "effects/" })].map(([key, count]) => [key.slice(8), count]));
  }
}

const confirm = (outbox: string, ids: readonly string[], env: Env): Promise<void> => env.SOURCE.getByName(outbox).confirm(ids);

const events = defineConsumer(OrderChangeSchema, {
  async handle({ revision }, { id, origin }, env: Env) {
    const number = Number(revision);
    const effects = env.EFFECTS.getByName("effects");
    const attempts = await effects.attempt(number);
    await fetch(`${env.OUTSIDE}/${number}`, { method: "POST", headers: { traceparent: origin.traceparent } });
    if (number % 10 === 3 && attempts === 1) throw new Error("busy"); // before the effect
    if (number % 10 === 9) throw new Error("never"); // goes to the dead letter queue
    await effects.handle(id, number);
    if (number % 10 === 5 && attempts === 1) throw new Error("broken off"); // after the effect
    if (number % 20 === 7 && attempts === 1) abortIsolate("in the middle of a batch");
  },
  deadLetters: ({ DEAD_EVENTS }) => DEAD_EVENTS,
  confirm,
  concurrency: 3,
  maxAttempts: 2,
  backoff: { firstMs: 1_000, maxMs: 1_000 },
});

const deadLetters = (env: Env) => env.DEAD_LETTERS.getByName("events");

export default class extends WorkerEntrypoint<Env> {
  override async fetch(request: Request): Promise<Response> {
    const source = this.env.SOURCE.getByName("source");
    switch (new URL(request.url).pathname) {
      case "/change":
        return Response.json(await source.change(originOf({ requestHeader: request.headers } as Parameters<typeof originOf>[0])));
      case "/repeat":
        await source.repeat();
        return Response.json(null);
      default: {
        const [state, effects, dead] = await Promise.all([
          source.state(),
          this.env.EFFECTS.getByName("effects").state(),
          deadLetters(this.env).list(0, 100),
        ]);
        return Response.json({ ...state, effects, dead: dead.total });
      }
    }
  }

  override queue(batch: MessageBatch): Promise<void> {
    return byQueue({ events, "events-dead": storeDeadLetters({ store: deadLetters, confirm }) })(batch, this.env);
  }
}
