import { describe, expect, it, vi } from "vitest";
import { type PoolOptions, WorkerPool } from "../../../workers/background-work/worker-pool.ts";

const DEADLINE = { timeout: 30_000, interval: 5 };
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Work that ends when the test says so. */
function gate() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { work: () => promise, open: resolve, fail: reject };
}

describe("WorkerPool", () => {
  it("runs no more than its limit at the same time, and all of it in the end", async () => {
    const pool = new WorkerPool({ concurrency: 3 });
    let [running, most] = [0, 0];
    const work = async (): Promise<number> => {
      running += 1;
      most = Math.max(most, running);
      await sleep(2);
      running -= 1;
      return running;
    };
    await Promise.all(Array.from({ length: 50 }, () => pool.run(work)));
    expect([most, pool.running, pool.waiting]).toEqual([3, 0, 0]);
  });

  it("returns what work returns, throws what it throws, and goes on after both", async () => {
    const pool = new WorkerPool({ concurrency: 1 });
    expect(await pool.run(async () => 7)).toBe(7);
    await expect(pool.run(async () => Promise.reject(new TypeError("no")))).rejects.toThrow(new TypeError("no"));
    await expect(
      pool.run(() => {
        throw new RangeError("at once");
      }),
    ).rejects.toThrow(new RangeError("at once"));
    expect(await pool.run(async () => 8)).toBe(8);
  });

  it("lets keys take turns: a tenant with one piece of work does not wait for the hundred of another", async () => {
    const pool = new WorkerPool({ concurrency: 1 });
    const order: string[] = [];
    const big = Array.from({ length: 100 }, () => pool.run(async () => void order.push("big"), { key: "big" }));
    await pool.run(async () => void order.push("small"), { key: "small" });
    expect(order.indexOf("small")).toBeLessThanOrEqual(2);
    await Promise.all(big);
    expect(order.length).toBe(101);
  });

  it("refuses what does not fit, and leaves out the newest work of a key that has most", async () => {
    const pool = new WorkerPool({ name: "thumbnails", concurrency: 1, maxWaiting: 2 });
    const first = gate();
    const held = pool.run(first.work);
    const waiting = ["a", "b"].map((result) => pool.run(async () => result, { key: "greedy" }));
    const pushedOut = expect(waiting[1]).rejects.toMatchObject({ name: "WorkRefused", reason: "full" });
    await expect(pool.run(async () => "c", { key: "greedy" })).rejects.toThrow('"thumbnails" is full: 2 pieces of work wait');
    const small = pool.run(async () => "small", { key: "small" });
    await pushedOut;
    expect(pool.waiting).toBe(2);
    first.open();
    await held;
    expect([await waiting[0], await small]).toEqual(["a", "small"]);
  });

  it("ends the wait when the signal is aborted, and never starts that work", async () => {
    const pool = new WorkerPool({ concurrency: 1 });
    const first = gate();
    const held = pool.run(first.work);
    const controller = new AbortController();
    const work = vi.fn(async () => {});
    const waiting = pool.run(work, { signal: controller.signal });
    const reason = new Error("the caller has left");
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect([pool.waiting, pool.running]).toEqual([0, 1]);
    await expect(pool.run(work, { signal: controller.signal })).rejects.toBe(reason);
    first.open();
    await held;
    expect([work.mock.calls.length, pool.running]).toEqual([0, 0]);
  });

  it("aborts work that runs, and waits until it has ended", async () => {
    const pool = new WorkerPool({ concurrency: 1 });
    const controller = new AbortController();
    const steps: string[] = [];
    const running = pool.run(
      async (signal) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        await sleep(30);
        steps.push("cleaned up");
        throw signal.reason;
      },
      { signal: controller.signal },
    );
    await vi.waitFor(() => expect(pool.running).toBe(1), DEADLINE);
    const reason = new Error("stop");
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect([steps, pool.running]).toEqual([["cleaned up"], 0]);
  });

  it("waits no longer than a second for work that ignores its signal, after an abort and after its time", async () => {
    const pool = new WorkerPool({ concurrency: 1, timeoutMs: 20 });
    const deaf = (): Promise<void> => new Promise(() => {});
    await expect(pool.run(deaf)).rejects.toMatchObject({ name: "TimeoutError", message: "the work took longer than 20 ms" });
    const reason = new Error("stop");
    const patient = new WorkerPool({ concurrency: 1 });
    const controller = new AbortController();
    const running = patient.run(deaf, { signal: controller.signal });
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect([pool.running, patient.running]).toEqual([0, 0]);
    expect(await patient.run(async () => "next")).toBe("next");
  });

  it("keeps work alive that takes longer than a lease of its slot", async () => {
    const pool = new WorkerPool({ concurrency: 1 });
    const first = pool.run(() => sleep(5_000));
    const second = pool.run(async () => pool.running);
    await sleep(4_500);
    expect([pool.running, pool.waiting]).toEqual([1, 1]); // nothing else has started
    await first;
    expect(await second).toBe(1);
  });

  it("drains: takes nothing any more, and lets everything end that it has", async () => {
    const pool = new WorkerPool({ concurrency: 1 });
    const done: number[] = [];
    const all = [1, 2, 3].map((item) => pool.run(async () => void done.push(item)));
    expect(await pool.drain()).toBe(true);
    await Promise.all(all);
    expect(done).toEqual([1, 2, 3]);
    await expect(pool.run(async () => {})).rejects.toMatchObject({ name: "WorkRefused", reason: "closed" });
  });

  it("adapts its limit, within its bounds", async () => {
    expect(new WorkerPool({ concurrency: "auto" }).limit).toBe(20);
    expect(new WorkerPool({ concurrency: { min: 2, max: 5 } }).limit).toBe(5);
    expect(new WorkerPool({ concurrency: { min: 30, max: 50 } }).limit).toBe(30);
  });

  it.each<[PoolOptions, string]>([
    [{ concurrency: 0 }, 'concurrency of "pool" is 0: write a whole number from 1 to 10000'],
    [{ concurrency: { min: 5, max: 4 } }, 'concurrency.max of "pool" is 4: write a whole number from 5 to 10000'],
    [{ concurrency: 1, maxWaiting: -1, name: "a" }, 'maxWaiting of "a" is -1: write a whole number from 0 to 100000'],
    [{ concurrency: 1, timeoutMs: 0 }, 'timeoutMs of "pool" is 0: write a whole number from 1 to 900000'],
  ])("refuses %j", (options, message) => {
    expect(() => new WorkerPool(options)).toThrow(new RangeError(message));
  });
});
