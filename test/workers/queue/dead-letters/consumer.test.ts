import { createExecutionContext, createMessageBatch, getQueueResult, reset, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import { storeDeadLetters } from "../../../../workers/queue/dead-letters/consumer.ts";
import { deadLetters, eventOf } from "./dead-letters.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

async function deliver(bodies: readonly unknown[], attempts = 1) {
  const confirmed: [string, readonly string[]][] = [];
  const consumer = storeDeadLetters({ store: deadLetters, confirm: async (outbox, ids) => void confirmed.push([outbox, ids]) });
  const batch = createMessageBatch(
    "dead",
    bodies.map((body, n) => ({ id: `m-${n}`, timestamp: new Date(0), attempts, body })),
  );
  const retries = batch.messages.map((message) => vi.spyOn(message, "retry"));
  await consumer(batch, {});
  const { explicitAcks } = await getQueueResult(batch, createExecutionContext());
  const retried = retries.flatMap(({ mock }, n) => mock.calls.map(([options]) => ({ msgId: `m-${n}`, ...options })));
  return { acked: explicitAcks, retried, confirmed };
}

it("stores dead letters, confirms them to their outbox, and stores what is no event, too", async () => {
  expect(await deliver([eventOf(1), "text", eventOf(2)])).toEqual({
    acked: ["m-0", "m-1", "m-2"],
    retried: [],
    confirmed: [["orders", ["e-1", "e-2"]]],
  });
  await deliver([eventOf(1), "text", eventOf(2)]); // the queue delivers the batch again
  expect((await deadLetters().list(0, 10)).total).toBe(3);
});

it("leaves what cannot be stored in the queue, unconfirmed", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await runInDurableObject(deadLetters(), (object) => void Object.assign(object, { maxRows: 1 }));
  const result = await deliver([eventOf(1), eventOf(2)], 2);
  expect(result).toMatchObject({ acked: ["m-0"], retried: [{ msgId: "m-1" }], confirmed: [["orders", ["e-1"]]] });
  expect(result.retried[0]?.delaySeconds).toBeGreaterThanOrEqual(10);
  expect(JSON.parse(warn.mock.calls[0]![0] as string)).toMatchObject({
    event: "dead_letter_failed",
    eventId: "e-2",
    error: "Error: too many dead letters are stored",
  });
});
