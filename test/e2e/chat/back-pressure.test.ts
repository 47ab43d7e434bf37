// Back-pressure over sockets: a reader that is slow holds the sender, through every hop. What is in flight is in the kernel's socket buffers,
// whose sizes nobody here chooses, and at most this much in the processes beside them.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { bytesInSockets, type Chat, isRelay, startChat, until, type Way } from "./start.ts";

const KIB = 1_024;
/** Text of a message, bytes. */
const MESSAGE = 64 * KIB;
/** In one workerd process, with all hops of the call in it, beside the buffers of its sockets, bytes. */
const IN_PROCESS = 1_024 * KIB;
/** Between two Workers over a binding: one message that is written, one that is read, and one that waits. */
const BETWEEN_WORKERS = 4 * MESSAGE;
/** More than all socket buffers of a call: a sender that is not held passes this soon. */
const NEVER = 256 * KIB * KIB;
const QUIET_MS = 1_500;
/** The others are made of these hops. */
const CHOSEN: readonly Way[] = ["a binding", "a URL", "a service that calls over a binding"];

let chat: Chat;

beforeAll(async () => {
  chat = await startChat();
}, 120_000);
afterAll(() => chat?.stop());

/** Waits until a counter has stood still for a while, or is beyond every bound. */
async function atRest(counter: () => Promise<number>): Promise<number> {
  let last = await counter();
  for (let since = Date.now(); Date.now() - since < QUIET_MS && last < NEVER; ) {
    await sleep(100);
    const now = await counter();
    if (now !== last) since = Date.now();
    last = now;
  }
  return last;
}

/** What a call before has left in the buffers is gone. */
const untilIdle = (): Promise<unknown> =>
  until("the buffers are empty", async () => (bytesInSockets([chat.gateway.port, chat.service.port]) ?? 0) < KIB);

/** What is in the processes: neither in the buffers of their sockets nor read. @returns undefined where the platform does not show the buffers */
function inProcesses(sent: number, read: number): number | undefined {
  const buffered = bytesInSockets([chat.gateway.port, chat.service.port]);
  return buffered === undefined ? undefined : sent - read - buffered;
}

const processesOf = (way: Way): number => (way.includes("URL") ? 2 : 1);
const report = (way: Way, what: string, sent: number, inside: number | undefined): void =>
  console.log(
    `${way}: ${what} after ${Math.round(sent / KIB)} KiB, ${inside === undefined ? "?" : Math.round(inside / KIB)} KiB of them in the processes`,
  );

describe.each(CHOSEN)("over %s", (way) => {
  it("a caller that does not read holds the service, and gets every message when it reads on", async () => {
    const id = `read-${CHOSEN.indexOf(way)}`;
    await untilIdle();
    const caller = chat.call(id, way, "produce");
    onTestFinished(() => caller.hangUp());
    caller.write("go");
    const first = await caller.next();
    expect(first).toMatchObject({ text: expect.stringMatching(/^x{65536}$|^y{65536}$/) });
    const sentBytes = async (): Promise<number> => (await chat.recordOf(id, way))!.sentBytes;
    const sent = await atRest(sentBytes);
    const inside = inProcesses(sent, caller.read + caller.buffered());
    report(way, "the service is held", sent, inside);
    expect(sent).toBeLessThan(NEVER);
    if (inside !== undefined) expect(inside).toBeLessThan(IN_PROCESS * processesOf(way));
    if (isRelay(way) && !way.includes("URL")) {
      const between = (await chat.recordOf(id, way))!.sentBytes - (await chat.relayRecordOf(id))!.sentBytes;
      expect(between).toBeLessThanOrEqual(BETWEEN_WORKERS);
    }
    while (caller.read <= sent) expect(await caller.next()).toMatchObject({ text: expect.stringMatching(/^x{65536}$|^y{65536}$/) });
    await until("the service sends on", async () => (await sentBytes()) > sent);
    caller.hangUp();
    await until("the generator ends", async () => (await chat.recordOf(id, way))?.end !== "");
  });

  it("a service that does not read holds its caller, and gets every message when it reads on", async () => {
    const id = `write-${CHOSEN.indexOf(way)}`;
    await untilIdle();
    const caller = chat.call(id, way, "hold");
    onTestFinished(() => caller.hangUp());
    caller.write("first");
    expect(await caller.next()).toEqual({ text: "first" });
    const taken = await caller.fill("y".repeat(MESSAGE), NEVER, QUIET_MS);
    const received = (await chat.recordOf(id, way))!.receivedBytes;
    const inside = inProcesses(taken, received);
    report(way, "the caller is held", taken, inside);
    expect(taken).toBeLessThan(NEVER);
    if (inside !== undefined) expect(inside).toBeLessThan(IN_PROCESS * processesOf(way));
    if (isRelay(way) && !way.includes("URL")) {
      const between = (await chat.relayRecordOf(id))!.receivedBytes - received;
      expect(between).toBeLessThanOrEqual(BETWEEN_WORKERS);
    }
    await chat.release(id, way);
    caller.end();
    const messages = caller.messages - 1;
    for (let number = 0; number < messages; number++)
      expect(await caller.next()).toMatchObject({ text: expect.stringMatching(/^x{65536}$|^y{65536}$/) });
    expect(await caller.untilEnd()).toBe("{}");
    expect(await chat.recordOf(id, way)).toMatchObject({ received: messages + 1, requestEnd: "end", end: "returned" });
  });
});
