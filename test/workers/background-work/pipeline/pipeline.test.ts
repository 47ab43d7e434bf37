import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Pipeline } from "../../../../workers/background-work/pipeline/pipeline.ts";

const DEADLINE = { timeout: 30_000, interval: 2 };
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A source that counts what was read of it, and knows whether it was closed. */
function counted(length: number) {
  const state = { read: 0, isClosed: false };
  async function* items(): AsyncGenerator<number> {
    try {
      for (let item = 0; item < length; item++) {
        state.read += 1;
        yield item;
      }
    } finally {
      state.isClosed = true;
    }
  }
  return { state, source: items() };
}

/** Work that counts what runs. */
function tracked<T>(work: (item: T, signal: AbortSignal) => Promise<T> = async (item) => item) {
  const state = { running: 0, most: 0, started: 0, aborted: 0 };
  const process = async (item: T, signal: AbortSignal): Promise<T> => {
    state.started += 1;
    state.running += 1;
    state.most = Math.max(state.most, state.running);
    signal.addEventListener(
      "abort",
      () => {
        state.aborted += 1;
      },
      { once: true },
    );
    try {
      return await work(item, signal);
    } finally {
      state.running -= 1;
    }
  };
  return { state, process };
}

const untilAborted = (_: number, signal: AbortSignal): Promise<number> =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

describe("Pipeline", () => {
  it("loses nothing, gives nothing twice and keeps the order, whatever its stages take", async () => {
    const stage = fc.record({ concurrency: fc.integer({ min: 1, max: 4 }), buffer: fc.integer({ min: 0, max: 3 }), ordered: fc.boolean() });
    const delays = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 25 }), fc.array(stage, { maxLength: 3 }), delays, async (length, stages, waits) => {
        const { state, source } = counted(length);
        const works = stages.map(() =>
          tracked<number>(async (item) => {
            await sleep(waits[item % waits.length]!);
            return item;
          }),
        );
        let pipeline = Pipeline.from(source);
        for (const [index, options] of stages.entries()) pipeline = pipeline.map(works[index]!.process, options);
        const items = await pipeline.toArray();
        const wanted = Array.from({ length }, (_, item) => item);
        expect(stages.every(({ ordered }) => ordered) ? items : items.toSorted((a, b) => a - b)).toEqual(wanted);
        for (const [index, work] of works.entries()) {
          expect(work.state).toMatchObject({ running: 0, started: length });
          expect(work.state.most).toBeLessThanOrEqual(stages[index]!.concurrency);
        }
        expect(state.isClosed).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("runs its stages at the same time", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const second = Pipeline.from([1, 2])
      .map(async (item) => {
        if (item === 2) resolve(); // while the second stage still has the first item
        return item;
      })
      .map(async (item) => {
        if (item === 1) await promise;
        return item;
      });
    expect(await second.toArray()).toEqual([1, 2]);
  });

  it("reads no more than concurrency and buffer of each stage beyond what the consumer has taken", async () => {
    const { state, source } = counted(1_000);
    const iterator = Pipeline.from(source)
      .map((item) => item, { concurrency: 2, buffer: 3 })
      .map((item) => item, { concurrency: 1, buffer: 1 })
      [Symbol.asyncIterator]();
    for (let taken = 1; taken <= 10; taken++) {
      expect((await iterator.next()).value).toBe(taken - 1);
      await sleep(5); // stages go on as far as they may
      expect(state.read).toBe(Math.min(1_000, taken + 5 + 2));
    }
    await iterator.return();
    expect(state.isClosed).toBe(true);
  });

  it("lets a slow item hold no other, where the order is not kept", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const items: number[] = [];
    const slowFirst = Pipeline.from([1, 2, 3]).map(
      async (item) => {
        if (item === 1) await promise;
        return item;
      },
      { concurrency: 2, ordered: false },
    );
    for await (const item of slowFirst) {
      items.push(item);
      if (item === 3) resolve();
    }
    expect(items).toEqual([2, 3, 1]);
  });

  it("filters, and makes lists", async () => {
    const odd = Pipeline.from([1, 2, 3, 4, 5, 6, 7]).filter((item) => item % 2 === 1);
    expect(await odd.batch(3).toArray()).toEqual([[1, 3, 5], [7]]);
    expect(await Pipeline.from<number>([]).batch(3).toArray()).toEqual([]);
    expect(await Pipeline.from(new Set(["a"])).toArray()).toEqual(["a"]);
  });

  it("counts what forEach has processed, in parallel", async () => {
    const { state, process } = tracked<number>(async (item) => {
      await sleep(2);
      return item;
    });
    expect(await Pipeline.from(counted(20).source).forEach(process, { concurrency: 4 })).toBe(20);
    expect([state.most, state.started]).toEqual([4, 20]);
  });

  it("is a stream: read as far as its reader goes, ended by canceling it, broken by its error", async () => {
    const { state, source } = counted(100);
    const work = tracked<number>();
    const reader = Pipeline.from(source).map(work.process, { concurrency: 2, buffer: 0 }).toStream().getReader();
    await sleep(5);
    expect(state.read).toBe(0);
    expect(await reader.read()).toEqual({ done: false, value: 0 });
    await sleep(5);
    expect(state.read).toBe(3);
    await reader.cancel("enough");
    expect([state.isClosed, work.state.running]).toEqual([true, 0]);
    const error = new Error("item 1");
    const broken = Pipeline.from([0, 1])
      .map((item) => (item === 1 ? Promise.reject(error) : item))
      .toStream()
      .getReader();
    expect(await broken.read()).toEqual({ done: false, value: 0 });
    await expect(broken.read()).rejects.toBe(error);
  });

  it("refuses to collect more than it may", async () => {
    const { state, source } = counted(10);
    await expect(Pipeline.from(source).toArray(3)).rejects.toThrow("the pipeline has more than 3 items");
    expect(state.isClosed).toBe(true);
  });
});

describe("a pipeline that ends early", () => {
  it("ends all stages at the first error, closes the source, and throws that error", async () => {
    const { state, source } = counted(1_000);
    const before = tracked<number>();
    const after = tracked<number>(untilAborted);
    const error = new TypeError("item 5");
    const failing = async (item: number): Promise<number> => {
      if (item === 5) throw error;
      return item;
    };
    const stages = Pipeline.from(source).map(before.process).map(failing).map(after.process, { concurrency: 5 });
    await expect(stages.toArray()).rejects.toBe(error);
    expect([state.isClosed, before.state.running, after.state.running]).toEqual([true, 0, 0]);
    expect(after.state.aborted).toBe(after.state.started);
    expect(state.read).toBeLessThan(20);
  });

  it("throws the error of the source, of a filter, and of a stage that throws at once", async () => {
    const error = new RangeError("no more");
    async function* broken(): AsyncGenerator<number> {
      yield 1;
      throw error;
    }
    const after = tracked<number>(untilAborted);
    await expect(Pipeline.from(broken()).map(after.process, { concurrency: 2 }).toArray()).rejects.toBe(error);
    expect(after.state).toMatchObject({ started: 1, running: 0, aborted: 1 });
    const fails = (): never => {
      throw error;
    };
    await expect(Pipeline.from([1]).filter(fails).toArray()).rejects.toBe(error);
    await expect(Pipeline.from([1]).map(fails).toArray()).rejects.toBe(error);
    await expect(
      Pipeline.from([1])
        .filter(fails)
        .forEach(() => {}),
    ).rejects.toBe(error);
  });

  it("aborts what runs when the consumer leaves its loop, and waits until it has ended", async () => {
    const { state, source } = counted(1_000);
    const steps: string[] = [];
    const work = tracked<number>(async (item, signal) => {
      if (item === 0) return item;
      await untilAborted(item, signal).catch(() => sleep(20));
      steps.push("cleaned up");
      return item;
    });
    for await (const item of Pipeline.from(source).map(work.process, { concurrency: 3 })) {
      expect(item).toBe(0);
      await vi.waitFor(() => expect(work.state.running).toBe(3), DEADLINE);
      break;
    }
    expect([state.isClosed, work.state.running, steps.length]).toEqual([true, 0, 3]);
  });

  it("ends with the signal, also while the source gives nothing", async () => {
    const controller = new AbortController();
    const reason = new Error("the caller has left");
    const work = tracked<number>();
    let isClosed = false;
    const silent: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          isClosed = true;
          return { done: true, value: undefined };
        },
      }),
    };
    const all = Pipeline.from(silent, { signal: controller.signal }).map(work.process).toArray();
    await sleep(5);
    controller.abort(reason);
    await expect(all).rejects.toBe(reason);
    expect(isClosed).toBe(true);
    const never = vi.fn();
    await expect(Pipeline.from([1], { signal: controller.signal }).forEach(never)).rejects.toBe(reason);
    expect(never).not.toHaveBeenCalled();
  });

  it("cancels a stream that it reads, also while a read waits", async () => {
    let canceled: unknown;
    const stream = new ReadableStream<number>({
      start: (controller) => controller.enqueue(1),
      cancel: (reason) => {
        canceled = reason;
      },
    });
    const error = new Error("not 1");
    await expect(
      Pipeline.from(stream)
        .map(async () => Promise.reject(error))
        .toArray(),
    ).rejects.toBe(error);
    expect(canceled).toBe(error);
  });

  it("leaves behind what ignores its signal, after a second", async () => {
    const { source } = counted(10);
    const deaf = tracked<number>(() => new Promise(() => {}));
    const startedAt = Date.now();
    const error = new Error("no");
    const stages = Pipeline.from(source)
      .map(deaf.process, { concurrency: 2 })
      .map((item) => item);
    const failing = Pipeline.from(stages).map((item) => item);
    const controller = new AbortController();
    const all = Pipeline.from(failing, { signal: controller.signal }).toArray();
    await vi.waitFor(() => expect(deaf.state.running).toBe(2), DEADLINE);
    controller.abort(error);
    await expect(all).rejects.toBe(error);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(990);
  });

  it("has no listener left on the signal of the caller, however often it has run", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    vi.spyOn(signal, "addEventListener").mockImplementation(() => {
      listeners += 1;
    });
    vi.spyOn(signal, "removeEventListener").mockImplementation(() => {
      listeners -= 1;
    });
    for (let run = 0; run < 10; run++)
      await Pipeline.from([1, 2, 3], { signal })
        .map((item) => item)
        .toArray();
    expect(listeners).toBe(0);
  });

  it.each([
    [{ concurrency: 0 }, "concurrency of a stage is 0: write a whole number from 1 to 1000"],
    [{ concurrency: 2, buffer: -1 }, "buffer of a stage is -1: write a whole number from 0 to 100000"],
  ])("refuses %j", (options, message) => {
    expect(() => Pipeline.from([1]).map((item) => item, options)).toThrow(new RangeError(message));
  });
});
