// The mailbox of a member in examples/chat: bounded, in order, and it holds its senders until the member reads or has to leave.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Mailbox } from "../../examples/chat/workers/services/chat/mailbox.ts";

const MAX_MESSAGES = 16;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** @returns numbers of the messages that were taken */
function sendAll(mailbox: Mailbox<number>, count: number): number[] {
  const taken: number[] = [];
  for (let number = 1; number <= count; number++) void mailbox.put(number).then(() => taken.push(number));
  return taken;
}

it("takes 16 messages, and the next one when one of them has been read", async () => {
  const mailbox = new Mailbox<number>();
  const taken = sendAll(mailbox, MAX_MESSAGES + 2);
  await vi.advanceTimersByTimeAsync(9_000);
  expect(taken).toHaveLength(MAX_MESSAGES);
  const messages = mailbox.messages();
  expect((await messages.next()).value).toBe(1);
  await vi.advanceTimersByTimeAsync(0);
  expect(taken).toHaveLength(MAX_MESSAGES + 1);
  for (let number = 2; number <= MAX_MESSAGES + 2; number++) expect((await messages.next()).value).toBe(number);
});

it("ends with an error where its member reads nothing for 10 s while it is full, and holds nobody any more", async () => {
  const mailbox = new Mailbox<number>();
  const taken = sendAll(mailbox, MAX_MESSAGES + 3);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(taken).toHaveLength(MAX_MESSAGES + 3); // the last three were dropped
  const read: number[] = [];
  const reading = (async () => {
    for await (const number of mailbox.messages()) read.push(number);
  })();
  await expect(reading).rejects.toThrow("messages were not read in time");
  expect(read).toHaveLength(MAX_MESSAGES);
});

it("wakes a reader that waits, and leaves no timer behind", async () => {
  const mailbox = new Mailbox<number>();
  const next = mailbox.messages().next();
  await mailbox.put(7);
  expect((await next).value).toBe(7);
  mailbox.end();
  await mailbox.put(8);
  expect((await mailbox.messages().next()).done).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
