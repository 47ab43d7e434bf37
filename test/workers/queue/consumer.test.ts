import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { fromBinary } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { type OrderChange, OrderChangeSchema, OrderSchema } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { EnvelopeSchema, Failure_Reason } from "../../../protos/gen/tidegate/queue/v1/envelope_pb.ts";
import { byQueue } from "../../../workers/queue/by-queue.ts";
import { type ConsumerOptions, type Delivery, defineConsumer, RefusedEvent } from "../../../workers/queue/consumer.ts";
import { sealed } from "../../../workers/queue/envelope.ts";
import { recordingQueue } from "./recording-queue.ts";

const QUEUE = "order-events";
const origin = { requestId: "r-1", traceparent: "" };
const event = (n: number, outbox = "orders") =>
  sealed(OrderChangeSchema, { revision: BigInt(n) }, { id: `e-${n}`, eventTimeMs: 1_000, origin, outbox });
const messages = (bodies: readonly unknown[], attempts = 1) =>
  bodies.map((body, n) => ({ id: `m-${n + 1}`, timestamp: new Date(0), attempts, body }));

let warn: MockInstance;
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});
const logged = () => warn.mock.calls.map(([line]) => JSON.parse(line as string) as Record<string, unknown>);

type Handle = (change: OrderChange, delivery: Delivery) => void | Promise<void>;

/** Delivers one batch. */
async function deliver(
  handle: Handle,
  bodies: readonly unknown[],
  options: Partial<ConsumerOptions<typeof OrderChangeSchema, object>> = {},
  attempts = 1,
) {
  const dead = recordingQueue();
  if (options.deadLetters !== undefined) dead.failing.always = new Error("dead letter queue fails");
  const confirmed: [string, readonly string[]][] = [];
  const confirm = async (outbox: string, ids: readonly string[]) => void confirmed.push([outbox, ids]);
  const consumer = defineConsumer(OrderChangeSchema, { handle, confirm, ...options, deadLetters: () => dead.queue });
  const context = createExecutionContext();
  const batch = createMessageBatch(QUEUE, messages(bodies, attempts));
  const retries = batch.messages.map((message) => vi.spyOn(message, "retry"));
  await consumer(batch, {});
  const { explicitAcks } = await getQueueResult(batch, context);
  const retried = retries.flatMap(({ mock }, n) => mock.calls.map(([options]) => ({ msgId: `m-${n + 1}`, ...options })));
  return {
    acked: [...explicitAcks].sort(),
    retried,
    confirmed,
    dead: dead.sends.flat().map(({ body }) => fromBinary(EnvelopeSchema, body)),
  };
}

describe("a consumer", () => {
  it("gives the handler each event with its facts, acknowledges it, and confirms it to its outbox", async () => {
    const seen: [bigint, Delivery][] = [];
    const result = await deliver((change, delivery) => void seen.push([change.revision, delivery]), [event(1), event(2, ""), event(3)]);
    expect(result).toEqual({ acked: ["m-1", "m-2", "m-3"], retried: [], confirmed: [["orders", ["e-1", "e-3"]]], dead: [] });
    expect(seen[0]).toMatchObject([1n, { id: "e-1", eventTimeMs: 1_000, origin, attempt: 1, queue: QUEUE }]);
  });

  it("delivers an event that fails again, later and later, and the others of the batch not", async () => {
    const handle: Handle = ({ revision }) => {
      if (revision === 2n) throw new Error("busy");
    };
    const result = await deliver(handle, [event(1), event(2), event(3)], { backoff: { firstMs: 8_000, maxMs: 60_000 } });
    expect(result).toMatchObject({ acked: ["m-1", "m-3"], confirmed: [["orders", ["e-1", "e-3"]]], dead: [] });
    expect(result.retried).toMatchObject([{ msgId: "m-2" }]);
    const delaySeconds = result.retried[0]?.delaySeconds;
    expect(delaySeconds).toBeGreaterThanOrEqual(4);
    expect(delaySeconds).toBeLessThanOrEqual(8);
    expect(logged()).toEqual([
      expect.objectContaining({
        event: "event_failed",
        queue: QUEUE,
        eventId: "e-2",
        requestId: "r-1",
        attempts: 1,
        delaySeconds,
        error: "Error: busy",
      }),
    ]);
    const later = await deliver(handle, [event(2)], { backoff: { firstMs: 8_000, maxMs: 60_000 } }, 3);
    expect(later.retried[0]?.delaySeconds).toBeGreaterThanOrEqual(16);
  });

  it("gives an event up after its attempts, with the reason, and confirms it to no outbox", async () => {
    const handle: Handle = () => {
      throw new Error("never");
    };
    const result = await deliver(handle, [event(1)], { maxAttempts: 4 }, 4);
    expect(result).toMatchObject({ acked: ["m-1"], retried: [], confirmed: [] });
    const failure = { reason: Failure_Reason.ATTEMPTS, queue: QUEUE, error: "Error: never", attempts: 4 };
    expect(result.dead).toMatchObject([{ id: "e-1", outbox: "orders", requestId: "r-1", failure }]);
    expect(logged()).toMatchObject([{ event: "event_given_up", eventId: "e-1", attempts: 4 }]);
  });

  it.each([
    { name: "that cannot be decoded", body: new Uint8Array([0xff]), reason: Failure_Reason.UNDECODABLE, id: "" },
    { name: "in JSON", body: { hello: 1 }, reason: Failure_Reason.UNDECODABLE, id: "" },
    {
      name: "of another type",
      body: sealed(OrderSchema, {}, { id: "e-9", eventTimeMs: 0, origin, outbox: "" }),
      reason: Failure_Reason.UNEXPECTED_TYPE,
      id: "e-9",
    },
  ])("gives a message $name up at once", async ({ body, reason, id }) => {
    const handle = vi.fn();
    const result = await deliver(handle, [body, event(1)]);
    expect(handle).toHaveBeenCalledTimes(1);
    expect(result.acked).toEqual(["m-1", "m-2"]);
    expect(result.dead).toMatchObject([{ id, failure: { reason } }]);
  });

  it("gives an event up at once that the handler refuses, also in another isolate", async () => {
    const remote = Object.assign(new Error("gone"), { name: "RefusedEvent" }); // An error arrives so from a Durable Object.
    for (const error of [new RefusedEvent("gone"), remote]) {
      const result = await deliver(() => Promise.reject(error), [event(1)]);
      expect(result.dead).toMatchObject([{ failure: { reason: Failure_Reason.REFUSED, error: "RefusedEvent: gone" } }]);
    }
  });

  it("leaves an event in the queue where the dead letter queue does not accept it", async () => {
    const result = await deliver(() => Promise.reject(new Error("never")), [event(1), "x"], {
      maxAttempts: 1,
      deadLetters: () => null as never,
    });
    expect(result).toMatchObject({ acked: [], dead: [] });
    expect(result.retried.map(({ msgId }) => msgId).sort()).toEqual(["m-1", "m-2"]);
  });

  it("fits the largest event into the dead letter queue", async () => {
    const large = sealed(
      OrderChangeSchema,
      { order: { note: "x".repeat(127_530) } },
      { id: "e-1", eventTimeMs: 0, origin, outbox: "orders" },
    );
    expect(large.byteLength).toBeGreaterThan(127_550);
    const result = await deliver(() => Promise.reject(new Error("é".repeat(500))), [large], { maxAttempts: 1 });
    expect(result.dead).toMatchObject([{ id: "e-1" }]);
  });

  it("ends an attempt that takes too long, and aborts its signal", async () => {
    let aborted: unknown;
    const handle: Handle = (_, { signal }) => {
      signal.addEventListener("abort", () => {
        aborted = signal.reason;
      });
      return new Promise(() => undefined);
    };
    const result = await deliver(handle, [event(1)], { timeoutMs: 20 });
    expect(result.retried).toMatchObject([{ msgId: "m-1" }]);
    expect(String(aborted)).toBe("TimeoutError: the work took longer than 20 ms");
  });

  it("acknowledges what was handled where the outbox cannot be reached: it sends the event again", async () => {
    const result = await deliver(() => undefined, [event(1)], { confirm: () => Promise.reject(new Error("unreachable")) });
    expect(result).toMatchObject({ acked: ["m-1"], retried: [] });
    expect(logged()).toMatchObject([{ event: "event_confirmation_failed", outbox: "orders", events: 1 }]);
  });

  it("handles as many events at the same time as it may, and one after the other in their order", async () => {
    for (const concurrency of [1, 3]) {
      let running = 0;
      let most = 0;
      const order: bigint[] = [];
      const handle: Handle = async ({ revision }) => {
        most = Math.max(most, ++running);
        order.push(revision);
        await scheduler.wait(1);
        running -= 1;
      };
      await deliver(
        handle,
        [1, 2, 3, 4, 5, 6, 7].map((n) => event(n)),
        { concurrency },
      );
      expect([most, order]).toEqual([concurrency, [1n, 2n, 3n, 4n, 5n, 6n, 7n]]);
    }
  });
});

describe("consumers by queue", () => {
  const named = (name: string) => async () => void seen.push(name);
  const seen: string[] = [];
  const consumers = byQueue({ "order-events": named("events"), "order-events-dead": named("dead") });

  it.each([
    ["order-events", "events"],
    ["order-events-staging", "events"],
    ["order-events-dead", "dead"],
    ["order-events-dead-staging", "dead"],
  ])("%s is consumed by %s", async (queue, name) => {
    await consumers(createMessageBatch(queue, []), {});
    expect(seen.splice(0)).toEqual([name]);
  });

  it("throw for a queue without one", async () => {
    await expect(consumers(createMessageBatch("others", []), {})).rejects.toThrow(
      'no consumer for queue "others"; this Worker has order-events-dead, order-events',
    );
  });
});
