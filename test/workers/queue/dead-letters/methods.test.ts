import { reset } from "cloudflare:test";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, createClient, createRouterTransport } from "@connectrpc/connect";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DeadLetterService } from "../../../../protos/gen/tidegate/queue/v1/dead_letters_pb.ts";
import { EnvelopeSchema, Failure_Reason } from "../../../../protos/gen/tidegate/queue/v1/envelope_pb.ts";
import { deadLetterMethods } from "../../../../workers/queue/dead-letters/methods.ts";
import { sendDeadLetter } from "../../../../workers/queue/dead-letters/send-dead-letter.ts";
import { failureOf } from "../../services/support.ts";
import { type RecordingQueue, recordingQueue } from "../recording-queue.ts";
import { deadLetters, eventOf } from "./dead-letters.ts";

let target: RecordingQueue;
const service = () => {
  const methods = deadLetterMethods(deadLetters, target.queue);
  return createClient(
    DeadLetterService,
    createRouterTransport(({ service: serve }) => void serve(DeadLetterService, methods)),
  );
};

beforeEach(async () => {
  target = recordingQueue();
  const dead = recordingQueue();
  const givenUp = { reason: Failure_Reason.ATTEMPTS, queue: "order-events", error: new Error("no"), attempts: 10 };
  for (const n of [1, 2, 3]) await sendDeadLetter(dead.queue, fromBinary(EnvelopeSchema, eventOf(n)), givenUp);
  for (const [n, { body }] of dead.sends.flat().entries()) await deadLetters().add(`m-${n}`, body);
});
afterEach(() => reset());

it("lists dead letters with their events and reasons", async () => {
  const first = await service().listDeadLetters({ pageSize: 2 });
  expect(first).toMatchObject({
    total: 3n,
    deadLetters: [{ number: 1n, event: { id: "e-1", failure: { error: "Error: no", attempts: 10 } } }, {}],
  });
  const rest = await service().listDeadLetters({ afterNumber: first.deadLetters.at(-1)!.number });
  expect(rest.deadLetters.map(({ number }) => number)).toEqual([3n]);
});

it("sends them again as they were, and removes what the queue has accepted", async () => {
  expect(await service().resendDeadLetters({ numbers: [3n, 1n, 99n] })).toMatchObject({ numbers: [1n, 3n] });
  expect(target.sends.map((one) => one.map(({ body }) => body))).toEqual([[eventOf(1), eventOf(3)]]);
  expect((await service().listDeadLetters({})).deadLetters.map(({ number }) => number)).toEqual([2n]);
});

it("removes none that the queue has not accepted", async () => {
  target.failing.always = new Error("Queue is overloaded");
  await failureOf(service().resendDeadLetters({ numbers: [1n, 2n] }));
  expect((await service().listDeadLetters({})).total).toBe(3n);
});

it("sends the bytes of what was no event", async () => {
  const { $typeName } = fromBinary(EnvelopeSchema, eventOf(1));
  const raw = { $typeName, id: "", type: "", payload: new TextEncoder().encode("text"), requestId: "", traceparent: "", outbox: "" };
  await deadLetters().add("m-raw", toBinary(EnvelopeSchema, raw));
  await service().resendDeadLetters({ numbers: [4n] });
  expect(new TextDecoder().decode(target.sends[0]![0]!.body)).toBe("text");
});

it("deletes, and refuses none and more than 100 numbers", async () => {
  await service().deleteDeadLetters({ numbers: [1n, 2n, 99n] });
  expect((await service().listDeadLetters({})).deadLetters.map(({ number }) => number)).toEqual([3n]);
  for (const count of [0, 101]) {
    const numbers = Array<bigint>(count).fill(1n);
    expect((await failureOf(service().resendDeadLetters({ numbers }))).code).toBe(Code.InvalidArgument);
    expect((await failureOf(service().deleteDeadLetters({ numbers }))).code).toBe(Code.InvalidArgument);
  }
});
