import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { OrderChangeSchema, OrderSchema } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { type Envelope, EnvelopeSchema } from "../../../protos/gen/tidegate/queue/v1/envelope_pb.ts";
import { AlarmSchedule } from "../../../workers/alarm-schedule.ts";
import { Outbox, type OutboxOptions } from "../../../workers/queue/outbox.ts";
import { QueueLimitError } from "../../../workers/queue/producer.ts";
import type { OrderStore } from "../../../workers/services/orders/store.ts";
import { type RecordingQueue, recordingQueue } from "./recording-queue.ts";

const { ORDER_STORE } = env as unknown as { ORDER_STORE: DurableObjectNamespace<OrderStore> };
const FAR = Date.UTC(2100, 0, 1); // no alarm of these tests goes off by itself
const RESEND = { firstMs: 60_000, maxMs: 240_000 };
const RETRY = { firstMs: 1_000, maxMs: 8_000 };

interface Scene extends RecordingQueue {
  readonly storage: DurableObjectStorage;
  readonly outbox: Outbox<typeof OrderChangeSchema>;
  /** Another instance over the same storage, as after an eviction. @param changed options that differ */
  again(changed?: Partial<OutboxOptions>): Outbox<typeof OrderChangeSchema>;
}

const revisionOf = ({ payload }: Envelope): number => Number(fromBinary(OrderChangeSchema, payload).revision);
const envelopesIn = ({ sends }: RecordingQueue): Envelope[][] =>
  sends.map((one) => one.map(({ body }) => fromBinary(EnvelopeSchema, body)));
const revisionsIn = (scene: RecordingQueue): number[][] => envelopesIn(scene).map((one) => one.map(revisionOf));

let objects = 0;
const inObject = (test: (scene: Scene) => Promise<void> | void, options: Partial<OutboxOptions> = {}) =>
  runInDurableObject(ORDER_STORE.getByName(`outbox-${objects++}`), async (_, { storage }) => {
    storage.sql.exec("DELETE FROM outbox");
    storage.kv.delete("outbox_failing");
    storage.kv.delete("outbox_name");
    const queue = recordingQueue();
    const again = (changed: Partial<OutboxOptions> = {}) =>
      new Outbox(OrderChangeSchema, storage, { name: "orders", queue: queue.queue, resend: RESEND, retry: RETRY, ...options, ...changed });
    await test({ ...queue, storage, outbox: again(), again });
  });

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

describe("an outbox", () => {
  it("hands events to the queue in their order, with their facts, and holds them until they are confirmed", () =>
    inObject(async (scene) => {
      const { outbox, storage } = scene;
      expect(outbox.dueAt()).toBeUndefined();
      const origin = { requestId: "r-1", traceparent: "t" };
      for (const n of [1, 2, 3]) outbox.record({ revision: BigInt(n) }, FAR, origin);
      expect([outbox.dueAt(), outbox.size]).toEqual([0, 3]);
      await outbox.run(FAR);
      expect(revisionsIn(scene)).toEqual([[1, 2, 3]]);
      const [first, , third] = envelopesIn(scene)[0]!;
      expect(first).toMatchObject({ type: "orders.v1.OrderChange", outbox: "orders", requestId: "r-1", traceparent: "t" });
      expect([outbox.size, outbox.dueAt()]).toEqual([3, FAR + 60_000]);
      scene.again().confirm([third!.id, first!.id, first!.id, "of another outbox.2", `${first!.id}9`]);
      expect(storage.sql.exec<{ seq: number }>("SELECT seq FROM outbox").toArray()).toEqual([{ seq: Number(first!.id.split(".")[1]) + 1 }]);
    }));

  it("has its name also in an instance that an alarm has started without one", () =>
    inObject(async (scene) => {
      const nameless = scene.again({ name: undefined });
      nameless.record({ revision: 1n }, FAR);
      await nameless.run(FAR);
      expect(envelopesIn(scene)[0]![0]!.outbox).toBe("orders");
    }));

  it("records nothing that no consumer could confirm", () =>
    inObject(
      ({ outbox }) => {
        expect(() => outbox.record({ revision: 1n }, FAR)).toThrow("the outbox has no name");
        expect(outbox.size).toBe(0);
      },
      { name: undefined },
    ));

  it("sends what nobody confirms again, later and later, with the same id, after all new events", () =>
    inObject(async (scene) => {
      const { outbox } = scene;
      outbox.record({ revision: 1n }, FAR);
      const times: number[] = [];
      for (let now = FAR; times.length < 5; now = scene.again().dueAt()!) {
        times.push(now - FAR);
        await scene.again().run(now);
      }
      expect(times).toEqual([0, 60_000, 180_000, 420_000, 660_000]);
      expect(
        new Set(
          envelopesIn(scene)
            .flat()
            .map(({ id }) => id),
        ).size,
      ).toBe(1);
      outbox.record({ revision: 2n }, FAR);
      await outbox.run(FAR + 10_000_000);
      expect(revisionsIn(scene).at(-1)).toEqual([2, 1]);
    }));

  it("waits longer after each failure of the queue, also over evictions, and keeps the order", () =>
    inObject(async (scene) => {
      const { outbox, failing } = scene;
      failing.always = new Error("Queue is overloaded");
      for (const n of [1, 2]) outbox.record({ revision: BigInt(n) }, FAR);
      const pauses: number[] = [];
      for (let now = FAR; pauses.length < 5; ) {
        await scene.again().run(now);
        const due = scene.again().dueAt()!;
        pauses.push(due - now);
        now = due;
      }
      for (const [n, longest] of [1_000, 2_000, 4_000, 8_000, 8_000].entries()) {
        expect(pauses[n]).toBeGreaterThanOrEqual(longest / 2);
        expect(pauses[n]).toBeLessThanOrEqual(longest);
      }
      failing.always = undefined;
      await scene.again().run(FAR + 100_000);
      expect(revisionsIn(scene)).toEqual([[1, 2]]);
      expect(outbox.dueAt()).toBe(FAR + 160_000);
    }));

  it("sends batches within the limits of a queue, and leaves more than 2,000 to the next alarm", () =>
    inObject(async (scene) => {
      const { outbox } = scene;
      for (let n = 1; n <= 3; n++) outbox.record({ revision: BigInt(n), order: { note: "x".repeat(100_000) } }, FAR);
      for (let n = 4; n <= 2_103; n++) outbox.record({ revision: BigInt(n) }, FAR);
      await outbox.run(FAR);
      expect(revisionsIn(scene).map(({ length }) => length)).toEqual([2, ...Array<number>(19).fill(100)]);
      expect(outbox.dueAt()).toBe(0);
      await outbox.run(FAR);
      expect(revisionsIn(scene).flat()).toEqual(Array.from({ length: 2_103 }, (_, n) => n + 1));
    }));

  it("records nothing of an event that is too large, and of one more than it may hold", () =>
    inObject(
      ({ outbox }) => {
        expect(() => outbox.record({ order: { note: "x".repeat(128_000) } }, FAR)).toThrow(QueueLimitError);
        for (const n of [1, 2]) outbox.record({ revision: BigInt(n) }, FAR);
        expect(outbox.isFull).toBe(true);
        expect(() => outbox.record({}, FAR)).toThrow("the outbox has 2 events that are not confirmed");
        expect(outbox.size).toBe(2);
      },
      { maxRows: 2 },
    ));

  it("records nothing where the change fails", () =>
    inObject(({ outbox, storage }) => {
      const schedule = new AlarmSchedule(storage, { outbox });
      const change = () =>
        schedule.change(() => {
          outbox.record({}, FAR);
          throw new Error("no");
        });
      expect(change).toThrow("no");
      expect(outbox.size).toBe(0);
    }));
});

// The model: events are a set of numbers; the queue may fail, accept and report a failure, lose what it accepted, deliver it late or twice.
type Step =
  | { readonly kind: "record" | "run" | "evict" | "fail" | "fail_late" | "lose" }
  | { readonly kind: "deliver"; readonly at: number; readonly keeps: boolean };

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("record" as const) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom("run" as const, "run" as const, "evict" as const, "fail" as const, "fail_late" as const, "lose" as const),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("deliver" as const), at: fc.nat({ max: 20 }), keeps: fc.boolean() }) },
  ),
  { maxLength: 60 },
) as fc.Arbitrary<Step[]>;

it("model: whatever the queue does, each event is delivered at least once, and first sends are in order", () =>
  inObject(async (scene) => {
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        scene.storage.sql.exec("DELETE FROM outbox");
        scene.storage.kv.delete("outbox_failing");
        scene.sends.length = 0;
        scene.failing.always = undefined;
        let outbox = scene.again();
        let now = FAR;
        let recorded = 0;
        const firstSends: number[] = [];
        const delivered = new Set<number>();
        let queued: Envelope[] = [];
        /** Moves what the queue has accepted from the recording to the queue of the model. */
        const accept = (): void => {
          for (const envelope of envelopesIn(scene).flat()) {
            if (!firstSends.includes(revisionOf(envelope))) firstSends.push(revisionOf(envelope));
            queued.push(envelope);
          }
          scene.sends.length = 0;
        };
        const deliver = (envelope: Envelope): void => {
          delivered.add(revisionOf(envelope));
          outbox.confirm([envelope.id]);
        };
        for (const step of plan) {
          if (step.kind === "record") outbox.record({ revision: BigInt(++recorded) }, now);
          if (step.kind === "evict") outbox = scene.again();
          if (step.kind === "lose") queued = [];
          if (step.kind === "fail") scene.failing.next = new Error("refused");
          if (step.kind === "fail_late" && outbox.dueAt() === 0) {
            // The batch is accepted, and the object ends before it records that.
            const before = scene.storage.sql
              .exec<{ seq: number; due: number; sends: number }>("SELECT seq, due, sends FROM outbox")
              .toArray();
            await outbox.run(now);
            for (const { seq, due, sends } of before)
              scene.storage.sql.exec("UPDATE outbox SET due = ?, sends = ? WHERE seq = ?", due, sends, seq);
            outbox = scene.again();
          }
          if (step.kind === "run") {
            now = Math.max(now, outbox.dueAt() ?? now);
            await outbox.run(now);
          }
          accept();
          if (step.kind === "deliver" && queued.length > 0) {
            const at = step.at % queued.length;
            deliver(queued[at]!);
            if (!step.keeps) queued.splice(at, 1);
          }
        }
        // In the end everything works: no event may be left.
        scene.failing.next = undefined;
        for (let rounds = 0; outbox.size > 0; rounds++) {
          expect(rounds).toBeLessThan(5);
          now = Math.max(now, outbox.dueAt()!);
          await outbox.run(now);
          accept();
          for (const envelope of queued.splice(0)) deliver(envelope);
        }
        expect([...delivered].sort((a, b) => a - b)).toEqual(Array.from({ length: recorded }, (_, n) => n + 1));
        expect(firstSends).toEqual(Array.from({ length: recorded }, (_, n) => n + 1));
      }),
      { numRuns: 150 },
    );
  }));

describe("the orders", () => {
  it("record an event with each change, which an eviction between change and alarm does not lose", async () => {
    const stub = ORDER_STORE.getByName("evicted");
    const rows = () =>
      runInDurableObject(stub, (_, { storage }) =>
        storage.sql
          .exec<{ envelope: ArrayBuffer; sends: number }>("SELECT envelope, sends FROM outbox ORDER BY seq")
          .toArray()
          .map(({ envelope, sends }) => [revisionOf(fromBinary(EnvelopeSchema, new Uint8Array(envelope))), sends]),
      );
    const id = await runInDurableObject(stub, async (object, { storage }) => {
      const created = object.create(
        { $typeName: "orders.v1.Order", id: "", userId: "usr_1", items: [], note: "", state: 0, totalCents: 0n },
        undefined,
      );
      if (created.kind !== "done") throw new Error(created.kind);
      expect(await storage.getAlarm()).not.toBeNull();
      await storage.setAlarm(FAR); // the alarm does not go off before the eviction
      return fromBinary(OrderSchema, created.response).id;
    });
    expect(await rows()).toEqual([[1, 0]]);
    await evictDurableObject(stub);
    await stub.cancel(id);
    await vi.waitFor(
      async () =>
        expect(await rows()).toEqual([
          [1, 1],
          [2, 1],
        ]),
      30_000,
    );
  });

  it("are not changed where the outbox is full", async () => {
    const stub = ORDER_STORE.getByName("full");
    await runInDurableObject(stub, (object) => {
      const draft = {
        $typeName: "orders.v1.Order" as const,
        id: "",
        userId: "usr_1",
        items: [],
        note: "",
        state: 0 as const,
        totalCents: 0n,
      };
      const created = object.create(draft, undefined);
      if (created.kind !== "done") throw new Error(created.kind);
      vi.spyOn(object.outbox, "isFull", "get").mockReturnValue(true);
      const { id } = fromBinary(OrderSchema, created.response);
      const results = [object.create(draft, undefined), object.update(id, { note: "n" }), object.cancel(id)].map(({ kind }) => kind);
      expect(results).toEqual(["full", "full", "full"]);
      expect(object.get(id)).toMatchObject({ note: "", state: 1 });
    });
  });
});
