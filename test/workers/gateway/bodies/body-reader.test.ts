// Reading a caller's body: for how long, and what becomes of one that breaks off.
import { afterEach, describe, expect, it, vi } from "vitest";
import { Rejected, type Rejection } from "../../../../core/rejection.ts";
import { readerOf } from "../../../support/body-reader.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** A body whose chunks a test sends. */
function manual() {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let isCancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  return { stream, send: (bytes: number) => controller.enqueue(new Uint8Array(bytes)), controller, isCancelled: () => isCancelled };
}

const outcomeOf = (read: Promise<Uint8Array | undefined>): Promise<Rejection | number | undefined> =>
  read.then(
    (chunk) => chunk?.byteLength,
    (error: unknown) => (error instanceof Rejected ? error.rejection : Promise.reject(error)),
  );

describe("a reader of a body", () => {
  it("waits for each chunk as long as the caller may be silent", async () => {
    vi.useFakeTimers();
    const { stream, send, isCancelled } = manual();
    const { reader } = readerOf(stream, { idleMs: 1_000 });
    for (let n = 0; n < 5; n++) {
      const read = outcomeOf(reader.read());
      await vi.advanceTimersByTimeAsync(999);
      send(3);
      expect(await read).toBe(3);
    }
    const last = outcomeOf(reader.read());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await last).toEqual({ kind: "body_too_slow", isIdle: true, ms: 1_000 });
    expect(isCancelled()).toBe(true);
  });

  it("waits for the whole body until its time is up, however steadily it comes", async () => {
    vi.useFakeTimers();
    const { stream, send } = manual();
    const { reader, call } = readerOf(stream, { idleMs: 1_000, until: Date.now() + 2_500 });
    for (let n = 0; n < 4; n++) {
      const read = outcomeOf(reader.read());
      await vi.advanceTimersByTimeAsync(600);
      send(1);
      expect(await read).toBe(1);
    }
    const last = outcomeOf(reader.read());
    await vi.advanceTimersByTimeAsync(100);
    expect(await last).toEqual({ kind: "body_too_slow", isIdle: false, ms: 2_500 });
    expect(Date.now() - call.receivedAt).toBe(2_500);
  });

  it("waits no longer than the call lasts, which is then the reason", async () => {
    vi.useFakeTimers();
    const { reader, call } = readerOf(manual().stream, { idleMs: 1_000 });
    call.deadlineAt = Date.now() + 300;
    const read = outcomeOf(reader.read());
    await vi.advanceTimersByTimeAsync(300);
    expect(await read).toEqual({ kind: "deadline_exceeded", stage: "request", timeoutMs: 300 });
  });

  it("counts neither the time in which nothing is read, nor silence while the response goes on", async () => {
    vi.useFakeTimers();
    const { stream, send } = manual();
    const { reader } = readerOf(stream, { idleMs: 1_000 });
    const first = outcomeOf(reader.read());
    send(1);
    expect(await first).toBe(1);
    await vi.advanceTimersByTimeAsync(5_000); // the upstream takes nothing
    const second = outcomeOf(reader.read());
    await vi.advanceTimersByTimeAsync(900);
    reader.touch();
    await vi.advanceTimersByTimeAsync(900);
    send(2);
    expect(await second).toBe(2);
    const third = outcomeOf(reader.read(200)); // between messages, for example
    await vi.advanceTimersByTimeAsync(200);
    expect(await third).toEqual({ kind: "body_too_slow", isIdle: true, ms: 200 });
  });

  it("leaves no timer behind", async () => {
    vi.useFakeTimers();
    const { stream, controller } = manual();
    const { reader } = readerOf(stream, { idleMs: 1_000 });
    const read = reader.read();
    expect(vi.getTimerCount()).toBe(1);
    controller.close();
    expect(await read).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("takes a connection that ends within the body for a caller that hung up, and keeps a refusal", async () => {
    const failing = (error: unknown) => readerOf(new ReadableStream({ start: (controller) => controller.error(error) })).reader;
    expect(await outcomeOf(failing(new Error("reset")).read())).toEqual({ kind: "caller_gone" });
    const refusal = { kind: "body_too_large", maxBytes: 1 } as const;
    expect(await outcomeOf(failing(new Rejected(refusal)).read())).toEqual(refusal);
  });

  it("gives back its memory when it stops", () => {
    const { reader, memory } = readerOf(manual().stream);
    reader.hold(100_000);
    expect(memory.heldBytes(Date.now())).toBe(100_000);
    reader.stop();
    reader.stop();
    expect(memory.heldBytes(Date.now())).toBe(0);
  });
});
