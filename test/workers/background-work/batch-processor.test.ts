import { afterEach, describe, expect, it, vi } from "vitest";
import type { LostItems } from "../../../core/background-work/open-batch.ts";
import { type BackgroundContext, BatchProcessor } from "../../../workers/background-work/batch-processor.ts";

const DEADLINE = { timeout: 30_000, interval: 5 };

/** A request: what it hands to `waitUntil`. */
class Held implements BackgroundContext {
  readonly promises: Promise<unknown>[] = [];

  waitUntil(promise: Promise<unknown>): void {
    this.promises.push(promise);
  }
}

afterEach(() => void vi.restoreAllMocks());

describe("BatchProcessor", () => {
  it("sends nothing before add returns, then full batches at once, and the rest after lingerMs", async () => {
    const sent: (readonly number[])[] = [];
    const batch = new BatchProcessor<number>(async (items) => void sent.push(items), { size: 3, lingerMs: 100 });
    const context = new Held();
    for (let item = 1; item <= 7; item++) batch.add(item, context);
    expect([sent, batch.size, context.promises.length]).toEqual([[], 7, 1]); // one promise and one timer for all items of a request
    const startedAt = Date.now();
    await Promise.all(context.promises);
    expect(sent).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(95);
    expect(batch.size).toBe(0);
  });

  it("keeps the platform's request alive where no context is given", async () => {
    const sent: string[] = [];
    const batch = new BatchProcessor<string>(async (items) => void sent.push(...items), { lingerMs: 20 });
    batch.add("a");
    batch.add("b");
    await Promise.resolve();
    batch.add("c");
    await vi.waitFor(() => expect(sent).toEqual(["a", "b", "c"]), DEADLINE);
  });

  it("holds each request until its own items have arrived, and no longer", async () => {
    const { promise: mayArrive, resolve } = Promise.withResolvers<void>();
    const batch = new BatchProcessor<number>(async ([first]) => (first === 2 ? mayArrive : undefined), { size: 1 });
    const [first, second] = [new Held(), new Held()];
    batch.add(1, first);
    batch.add(2, second);
    await vi.waitFor(() => expect(batch.size).toBe(1), DEADLINE);
    const over = { first: false, second: false };
    void Promise.all(second.promises).then(() => {
      over.second = true;
    });
    await new Promise((done) => setTimeout(done, 50));
    expect(over.second).toBe(false);
    resolve();
    await Promise.all([...first.promises, ...second.promises]);
    expect(batch.size).toBe(0);
  });

  it("refuses items when it is full: offer returns false, add throws, and there is room again afterwards", async () => {
    const batch = new BatchProcessor<string>(async () => {}, {
      maxItems: 2,
      sizeOf: ({ length }) => length,
      maxBytes: 10,
      maxBatchBytes: 5,
    });
    const context = new Held();
    expect([batch.offer("a", context), batch.offer("b", context), batch.offer("c", context)]).toEqual([true, true, false]);
    expect(() => batch.add("c", context)).toThrow(expect.objectContaining({ name: "WorkRefused", reason: "full" }));
    expect(() => batch.add("123456", context)).toThrow(expect.objectContaining({ name: "WorkRefused", reason: "too_large" }));
    expect([batch.size, batch.bytes]).toEqual([2, 2]);
    expect(await batch.drain()).toBe(true);
    expect([batch.size, batch.bytes, batch.offer("c", context)]).toEqual([0, 0, true]);
    expect(await batch.drain()).toBe(true);
    const bytes = new BatchProcessor<string>(async () => {}, { sizeOf: ({ length }) => length, maxBytes: 10 });
    bytes.add("1234567", context);
    expect(() => bytes.add("1234", context)).toThrow('"batch" is full: the item does not fit into 10 bytes');
    await bytes.drain();
  });

  it("tries again after a failure, in order", async () => {
    const sent: (readonly number[])[] = [];
    let failures = 2;
    const send = async (items: readonly number[]): Promise<void> => {
      sent.push(items);
      if (failures-- > 0) throw new Error("down");
    };
    const batch = new BatchProcessor<number>(send, { size: 2, backoffMs: 5 });
    for (const item of [1, 2, 3]) batch.add(item, new Held());
    expect(await batch.drain()).toBe(true);
    expect(sent).toEqual([[1, 2], [1, 2], [1, 2], [3]]);
  });

  it("loses one bad item alone, and reports it in the log and to onLost", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const lost: LostItems<number>[] = [];
    const arrived: number[] = [];
    const send = async (items: readonly number[]): Promise<void> => {
      if (items.includes(42)) throw new TypeError("not a number that we like");
      arrived.push(...items);
    };
    const batch = new BatchProcessor<number>(send, { name: "numbers", backoffMs: 1, onLost: (items) => void lost.push(items) });
    const context = new Held();
    for (let item = 0; item < 100; item++) batch.add(item, context);
    await Promise.all(context.promises);
    expect(arrived).toEqual(Array.from({ length: 100 }, (_, item) => item).filter((item) => item !== 42));
    expect(lost.map(({ items }) => items)).toEqual([[42]]);
    expect(warn.mock.calls.map(([line]) => JSON.parse(line))).toEqual([
      { level: "warn", event: "work_lost", name: "numbers", items: 1, error: "TypeError: not a number that we like" },
    ]);
  });

  it("does what onFailure says: a receiver that is down gets no halves", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    let calls = 0;
    const send = async (): Promise<void> => {
      calls += 1;
      throw new Error("503");
    };
    const batch = new BatchProcessor<number>(send, { attempts: 2, backoffMs: 1, onFailure: () => "retry" });
    for (let item = 0; item < 50; item++) batch.add(item, new Held());
    expect([await batch.drain(), calls, batch.size]).toEqual([true, 2, 0]);
  });

  it("aborts a sending that takes longer than timeoutMs, and counts it as a failure", async () => {
    const signals: AbortSignal[] = [];
    const send = (_: readonly number[], signal: AbortSignal): Promise<void> => {
      signals.push(signal);
      return signals.length === 1 ? new Promise<void>(() => {}) : Promise.resolve();
    };
    const batch = new BatchProcessor<number>(send, { timeoutMs: 30, backoffMs: 1 });
    batch.add(1, new Held());
    expect(await batch.drain()).toBe(true);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(signals[0]!.reason).toMatchObject({ name: "TimeoutError" });
  });

  it("takes a sender that throws at once for a failure", async () => {
    let calls = 0;
    const send = (): Promise<void> => {
      calls += 1;
      if (calls === 1) throw new Error("at once");
      return Promise.resolve();
    };
    const batch = new BatchProcessor<number>(send, { backoffMs: 1 });
    batch.add(1, new Held());
    expect([await batch.drain(), calls]).toEqual([true, 2]);
  });

  it("sends as many batches at the same time as it may", async () => {
    let running = 0;
    let most = 0;
    const send = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((done) => setTimeout(done, 20));
      running -= 1;
    };
    const batch = new BatchProcessor<number>(send, { size: 1, concurrency: 2 });
    const contexts = Array.from({ length: 6 }, () => new Held());
    for (const [item, context] of contexts.entries()) batch.add(item, context);
    await Promise.all(contexts.flatMap(({ promises }) => promises));
    expect([most, batch.size]).toEqual([2, 0]);
  });
});
