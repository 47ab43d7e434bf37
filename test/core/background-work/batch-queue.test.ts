import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BatchQueue, type BatchQueueSettings } from "../../../core/background-work/batch-queue.ts";

const SETTINGS: BatchQueueSettings = {
  ...{ maxBatch: 3, maxBatchBytes: 100, lingerMs: 50, maxItems: 10, maxBytes: 200, concurrency: 1, leaseMs: 1_000 },
  retry: { attempts: 2, baseMs: 10, maxMs: 100 },
};
const queueWith = (settings: Partial<BatchQueueSettings> = {}) => new BatchQueue<number>({ ...SETTINGS, ...settings });
const next = (queue: BatchQueue<number>, now: number, hurry = false) => queue.next(now, hurry, 0.5);

describe("BatchQueue", () => {
  it("sends when a batch is full, and not 1 item sooner", () => {
    const queue = queueWith();
    expect(next(queue, 0)).toEqual({ kind: "idle" });
    for (const item of [1, 2]) queue.offer(item, 0, 0);
    expect([queue.isBatchFull, next(queue, 0)]).toEqual([false, { kind: "wait", untilMs: 50 }]);
    queue.offer(3, 0, 0);
    queue.offer(4, 0, 0);
    expect([queue.isBatchFull, next(queue, 0)]).toEqual([true, { kind: "send", items: [1, 2, 3], lease: 1 }]);
  });

  it("sends when the oldest item has lingered, and not 1 ms sooner", () => {
    const queue = queueWith();
    queue.offer(1, 0, 0);
    queue.offer(2, 0, 40);
    expect(next(queue, 49)).toEqual({ kind: "wait", untilMs: 50 });
    expect(next(queue, 50)).toEqual({ kind: "send", items: [1, 2], lease: 1 });
  });

  it("sends at once in a hurry, and where the clock has stepped back", () => {
    const queue = queueWith({ concurrency: 2 });
    queue.offer(1, 0, 1_000);
    expect(next(queue, 1_000, true)).toMatchObject({ kind: "send", items: [1] });
    queue.offer(2, 0, 1_000);
    expect(next(queue, 500)).toMatchObject({ kind: "send", items: [2] });
  });

  it("ends a batch before its bytes exceed the bound, and sends it as it is full", () => {
    const queue = queueWith();
    queue.offer(1, 60, 0);
    expect(queue.isBatchFull).toBe(false);
    queue.offer(2, 40, 0);
    expect(next(queue, 0)).toMatchObject({ items: [1, 2] });
    queue.succeeded(1, 0);
    queue.offer(3, 60, 0);
    queue.offer(4, 41, 0);
    expect(next(queue, 0)).toMatchObject({ items: [3] });
    queue.succeeded(2, 0);
    expect([queue.isBatchFull, queue.bytes]).toEqual([false, 41]);
  });

  it("refuses items beyond its bounds, counts those that are sent, and has room again when they have arrived", () => {
    const queue = queueWith({ maxItems: 3 });
    expect([1, 2, 3].map((item) => queue.offer(item, 0, 0))).toEqual([undefined, undefined, undefined]);
    next(queue, 0);
    expect([queue.offer(4, 0, 0), queue.size]).toEqual(["items", 3]);
    queue.succeeded(1, 0);
    expect([queue.offer(4, 0, 0), queue.size]).toEqual([undefined, 1]);
    const bytes = queueWith();
    expect([bytes.offer(1, 101, 0), bytes.offer(1, 100, 0), bytes.offer(2, 100, 0), bytes.offer(3, 1, 0)]).toEqual([
      "item_too_large",
      undefined,
      undefined,
      "bytes",
    ]);
  });

  it("opens no second batch beyond its concurrency, and looks again after the linger time", () => {
    const queue = queueWith({ concurrency: 2 });
    for (const item of [1, 2, 3, 4, 5, 6, 7, 8, 9]) queue.offer(item, 0, 0);
    expect(next(queue, 0)).toMatchObject({ items: [1, 2, 3] });
    expect(next(queue, 0)).toMatchObject({ items: [4, 5, 6] });
    expect(next(queue, 0)).toEqual({ kind: "wait", untilMs: 50 });
    queue.succeeded(2, 0);
    expect([queue.isSettled(6), queue.isSettled(3), queue.settledBelow]).toEqual([true, false, 1]);
    expect(next(queue, 0)).toMatchObject({ items: [7, 8, 9] });
    queue.succeeded(1, 0);
    expect(queue.settledBelow).toBe(7);
  });

  it("takes a sending for lost when its lease has ended, and ignores its late result", () => {
    const queue = queueWith({ retry: { attempts: 2, baseMs: 0, maxMs: 0 } });
    queue.offer(1, 0, 0);
    expect(next(queue, 50)).toEqual({ kind: "send", items: [1], lease: 1 });
    expect(next(queue, 1_049)).toEqual({ kind: "wait", untilMs: 1_050 });
    expect(next(queue, 1_050)).toEqual({ kind: "send", items: [1], lease: 2 });
    queue.succeeded(1, 1_060);
    queue.failed(1, new Error("late"), "split", 1_060, 0);
    expect([queue.isSettled(1), queue.size]).toEqual([false, 1]);
    queue.succeeded(2, 1_070);
    expect([queue.isSettled(1), queue.size, queue.takeLost()]).toEqual([true, 0, []]);
  });

  it("reports what was given up once, with its error", () => {
    const queue = queueWith();
    queue.offer(1, 5, 0);
    next(queue, 50);
    const error = new Error("refused");
    queue.failed(1, error, "split", 50, 0);
    expect([queue.isSettled(1), queue.size, queue.bytes]).toEqual([true, 0, 0]);
    expect([queue.takeLost(), queue.takeLost()]).toEqual([[{ items: [1], error }], []]);
  });
});

type Action =
  | { readonly kind: "offer"; readonly bytes: number }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "next"; readonly hurry: boolean }
  | { readonly kind: "end"; readonly which: number; readonly how: "succeeded" | "retry" | "split" | "retry_then_split" };

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("offer" as const), bytes: fc.integer({ min: 0, max: 60 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 700 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("next" as const), hurry: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      which: fc.nat({ max: 3 }),
      how: fc.constantFrom("succeeded" as const, "succeeded" as const, "retry" as const, "split" as const, "retry_then_split" as const),
    }),
  },
);

/** What the queue promises, followed beside it. */
class Followed {
  readonly queue: BatchQueue<number>;
  readonly settings: BatchQueueSettings;
  readonly bytes = new Map<number, number>(); // bytes of the items that were taken and are not settled
  readonly order: number[] = []; // items that arrived or were lost
  readonly sending = new Map<number, { readonly items: readonly number[]; readonly endsAt: number }>();
  now = 0;
  added = 0;

  constructor(settings: BatchQueueSettings) {
    this.settings = settings;
    this.queue = new BatchQueue(settings);
  }

  do(step: Action): void {
    if (step.kind === "offer") this.offer(step.bytes);
    else if (step.kind === "pass") this.now += step.ms;
    else if (step.kind === "next") this.next(step.hurry);
    else this.end([...this.sending.keys()][step.which], step.how);
    this.collect();
    this.check();
  }

  offer(bytes: number): void {
    const held = [...this.bytes.values()].reduce((sum, one) => sum + one, 0);
    const fits = this.bytes.size < this.settings.maxItems && held + bytes <= this.settings.maxBytes;
    expect(this.queue.offer(this.added + 1, bytes, this.now) === undefined).toBe(fits);
    if (!fits) return;
    this.added += 1;
    this.bytes.set(this.added, bytes);
  }

  next(hurry: boolean): void {
    const step = this.queue.next(this.now, hurry, 0.5);
    for (const [lease, { endsAt }] of this.sending) if (endsAt <= this.now) this.sending.delete(lease);
    if (step.kind === "idle") expect(this.queue.size).toBe(0);
    if (step.kind === "wait") expect(step.untilMs).toBeGreaterThan(this.now);
    if (step.kind !== "send") return;
    const { items, lease } = step;
    expect(items.length).toBeLessThanOrEqual(this.settings.maxBatch);
    expect(items.reduce((sum, item) => sum + this.bytes.get(item)!, 0)).toBeLessThanOrEqual(this.settings.maxBatchBytes);
    for (const other of this.sending.values()) expect(other.items.filter((item) => items.includes(item))).toEqual([]); // never two senders
    this.sending.set(lease, { items, endsAt: this.now + this.settings.leaseMs });
    expect(this.sending.size).toBeLessThanOrEqual(this.settings.concurrency);
  }

  end(lease: number | undefined, how: "succeeded" | "retry" | "split" | "retry_then_split"): void {
    if (lease === undefined) return;
    const { items } = this.sending.get(lease)!;
    this.sending.delete(lease);
    if (how === "succeeded") {
      this.queue.succeeded(lease, this.now);
      this.settle(items);
    } else this.queue.failed(lease, new Error(how), how, this.now, 0.5);
  }

  collect(): void {
    for (const { items } of this.queue.takeLost()) this.settle(items);
  }

  settle(items: readonly number[]): void {
    for (const item of items) {
      expect(this.bytes.delete(item)).toBe(true); // neither twice, nor one that was never added
      this.order.push(item);
    }
  }

  check(): void {
    expect(this.queue.size).toBe(this.bytes.size);
    expect(this.queue.bytes).toBe([...this.bytes.values()].reduce((sum, one) => sum + one, 0));
    expect(this.queue.lastSequence).toBe(this.added);
    const least = Math.min(this.added + 1, ...this.bytes.keys());
    expect(this.queue.settledBelow).toBe(least);
    for (let item = 1; item <= this.added; item++) expect(this.queue.isSettled(item)).toBe(!this.bytes.has(item));
    if (this.settings.concurrency === 1) expect(this.order).toEqual(this.order.toSorted((a, b) => a - b));
  }

  /** From here on, everything succeeds. */
  finish(): void {
    for (let rounds = 0; this.queue.size > 0; rounds++) {
      expect(rounds).toBeLessThan(1_000);
      for (const lease of [...this.sending.keys()]) this.end(lease, "succeeded");
      const step = this.queue.next(this.now, false, 0.5);
      if (step.kind === "send") this.sending.set(step.lease, { items: step.items, endsAt: Number.POSITIVE_INFINITY });
      if (step.kind === "wait") this.now = step.untilMs;
      this.collect();
      this.check();
    }
    expect(this.order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: this.added }, (_, index) => index + 1));
  }
}

it.each([1, 3])("loses nothing, sends nothing twice and keeps its bounds in any order of events, concurrency %i", (concurrency) => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80 }), (steps) => {
      const followed = new Followed({ ...SETTINGS, concurrency });
      for (const step of steps) followed.do(step);
      followed.finish();
    }),
    { numRuns: 500 },
  );
});
