import { expect, it } from "vitest";
import { OrderChangeSchema } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { opened } from "../../../workers/queue/envelope.ts";
import { QueueLimitError, queueOf } from "../../../workers/queue/producer.ts";
import { recordingQueue } from "./recording-queue.ts";

const note = (length: number) => ({ order: { note: "x".repeat(length) } });

it("sends an event in an envelope, as bytes, with what the caller gives", async () => {
  const { queue, sends } = recordingQueue();
  const origin = { requestId: "r-1", traceparent: "" };
  const id = await queueOf(OrderChangeSchema, queue).send({ revision: 3n }, { origin, delaySeconds: 60, eventTimeMs: 5_000 });
  expect(sends).toMatchObject([[{ contentType: "bytes", delaySeconds: 60 }]]);
  const read = opened(OrderChangeSchema, sends[0]![0]!.body);
  expect(read).toMatchObject({
    kind: "event",
    event: { revision: 3n },
    envelope: { id, requestId: "r-1", outbox: "", eventTime: { seconds: 5n } },
  });
});

it("sends a batch at once, in order, each event with its own id", async () => {
  const { queue, sends } = recordingQueue();
  const ids = await queueOf(OrderChangeSchema, queue).sendBatch([{ revision: 1n }, { revision: 2n }]);
  expect(sends[0]!.map(({ body }) => opened(OrderChangeSchema, body))).toMatchObject([
    { event: { revision: 1n }, envelope: { id: ids[0] } },
    { event: { revision: 2n }, envelope: { id: ids[1] } },
  ]);
  expect(new Set(ids).size).toBe(2);
  expect(await queueOf(OrderChangeSchema, queue).sendBatch([])).toEqual([]);
  expect(sends.length).toBe(1);
});

it.each([
  { name: "an event over 128 KB", events: [note(128_000)], delaySeconds: 0, kind: "message_too_large" },
  { name: "one such event in a batch", events: [note(1), note(128_000)], delaySeconds: 0, kind: "message_too_large" },
  { name: "a batch over 256 KB", events: [note(100_000), note(100_000), note(60_000)], delaySeconds: 0, kind: "batch_too_large" },
  { name: "a batch of 101", events: Array.from({ length: 101 }, () => note(1)), delaySeconds: 0, kind: "too_many_messages" },
  { name: "a delay of more than a day", events: [note(1)], delaySeconds: 86_401, kind: "delay_out_of_range" },
])("refuses $name before anything is sent", async ({ events, delaySeconds, kind }) => {
  const { queue, sends } = recordingQueue();
  const failure: unknown = await queueOf(OrderChangeSchema, queue)
    .sendBatch(events, { delaySeconds })
    .catch((reason: unknown) => reason);
  expect(failure).toBeInstanceOf(QueueLimitError);
  expect(failure).toMatchObject({ name: "QueueLimitError", limit: { kind } });
  expect(sends).toEqual([]);
});

it("reports a queue that does not accept an event", async () => {
  const { queue, failing } = recordingQueue();
  failing.next = new Error("Queue is overloaded");
  await expect(queueOf(OrderChangeSchema, queue).send({})).rejects.toThrow("overloaded");
});
