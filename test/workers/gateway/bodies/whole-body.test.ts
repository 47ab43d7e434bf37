// Reading a body whole: in time, within memory, and whatever its chunks are.
import { afterEach, describe, expect, it, vi } from "vitest";
import { ByteBudget } from "../../../../core/overload/byte-budget.ts";
import { Rejected, type Rejection } from "../../../../core/rejection.ts";
import { readWhole } from "../../../../workers/gateway/bodies/whole-body.ts";
import { reserveMemory } from "../../../../workers/gateway/call/memory.ts";
import { httpRoute } from "../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../workers/gateway/call.ts";

const KIB = 1_024;

afterEach(() => {
  vi.useRealTimers();
});

interface Case {
  readonly body: ReadableStream<Uint8Array>;
  readonly length?: number;
  readonly idleMs?: number;
  readonly untilMs?: number; // from now
  readonly deadlineMs?: number; // from now
  readonly memoryBytes?: number;
}

/** @returns the size of the body, or why it was refused; and what it held at most */
async function read({ body, length, idleMs = 10_000, untilMs = 15_000, deadlineMs = 15_000, memoryBytes = 4_096 * KIB }: Case) {
  const memory = new ByteBudget({ maxBytes: memoryBytes, callerShare: 1 });
  const now = Date.now();
  const request = new Request("https://gateway.example/files/a", { method: "POST", body });
  const call = new Call(request, { kind: "rest" }, httpRoute("/files/", { maxBodyBytes: 1_000_000 }, memory), "/files/a", "", now);
  call.deadlineAt = now + deadlineMs;
  let held = 0;
  const resize = vi.spyOn(memory, "resize").mockImplementation((...args) => {
    const refusal = ByteBudget.prototype.resize.apply(memory, args);
    held = Math.max(held, memory.heldBytes(Date.now()));
    return refusal;
  });
  const reservation = reserveMemory(call, length ?? 0);
  const settings = { maxBytes: 1_024 * KIB, limit: 1_024 * KIB, patience: { idleMs, until: now + untilMs }, held: reservation };
  const outcome: Rejection | number = await readWhole(call, request.body!, length, settings).then(
    ({ byteLength }) => byteLength,
    (error: unknown) => (error instanceof Rejected ? error.rejection : Promise.reject(error)),
  );
  resize.mockRestore();
  return { outcome, held };
}

/** A body of chunks, that stays open where it is not complete. */
function chunks(count: number, bytes: number, isComplete = true): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent < count) controller.enqueue(new Uint8Array(bytes));
      else if (isComplete) controller.close();
      else return new Promise(() => undefined);
      sent += 1;
      return undefined;
    },
  });
}

describe("a body that is read whole", () => {
  it.each([
    ["small, of a known length", 10, 10, 100],
    ["large, of a known length", 200, KIB, 200 * KIB],
    ["of an unknown length", 200, KIB, undefined],
  ])("is complete: %s", async (_, count, bytes, length) => {
    expect((await read({ body: chunks(count, bytes), length: length! })).outcome).toBe(count * bytes);
  });

  it("holds at most twice its bytes, though each chunk is one byte in a buffer of its own", async () => {
    const { outcome, held } = await read({ body: chunks(20_000, 1) });
    expect(outcome).toBe(20_000);
    expect(held).toBeLessThanOrEqual(2 * 20_000);
  });

  it("reserves what it declares before it comes, and what it does not declare as it comes", async () => {
    const refused = { kind: "overloaded", point: "memory", reason: expect.stringMatching(/^memory budget of the isolate/) };
    expect((await read({ body: chunks(300, KIB), memoryBytes: 200 * KIB })).outcome).toMatchObject(refused);
    await expect(read({ body: chunks(0, 1, false), length: 300 * KIB, memoryBytes: 200 * KIB })).rejects.toMatchObject({
      rejection: refused,
    });
  });

  it.each([
    ["small", 100],
    ["large", 100 * KIB],
    ["of an unknown length", undefined],
  ])("is given up when nothing comes for too long: %s", async (_, length) => {
    vi.useFakeTimers();
    const reading = read({ body: chunks(1, 1, false), length: length!, idleMs: 300 });
    await vi.advanceTimersByTimeAsync(300);
    expect((await reading).outcome).toEqual({ kind: "body_too_slow", isIdle: true, ms: 300 });
  });

  it.each([
    ["small", 100],
    ["large", 100 * KIB],
    ["of an unknown length", undefined],
  ])("is given up at the end of its time, and at the deadline of the call: %s", async (_, length) => {
    vi.useFakeTimers();
    const late = read({ body: chunks(1, 1, false), length: length!, idleMs: 60_000, untilMs: 500, deadlineMs: 3_600_000 });
    await vi.advanceTimersByTimeAsync(500);
    expect((await late).outcome).toEqual({ kind: "body_too_slow", isIdle: false, ms: 500 });
    const over = read({ body: chunks(1, 1, false), length: length!, deadlineMs: 200 });
    await vi.advanceTimersByTimeAsync(200);
    expect((await over).outcome).toEqual({ kind: "deadline_exceeded", stage: "request", timeoutMs: 200 });
  });

  it("is refused above its limit", async () => {
    expect((await read({ body: chunks(1_025, KIB) })).outcome).toMatchObject({ kind: "body_too_large" });
  });
});
