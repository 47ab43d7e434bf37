// Batches, pool and pipelines in workerd over sockets, with requests that end before their work has: on the pinned and on the next runtime.
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Arrival, RUNTIMES, startWork, type WorkRuntime } from "./runtime.ts";

const DEADLINE = { timeout: 60_000, interval: 20 };

describe.each(RUNTIMES)("work on %s", (_name, binary) => {
  let runtime: WorkRuntime;
  beforeAll(async () => {
    runtime = await startWork(binary);
  });
  afterAll(() => runtime.stop());

  const call = (path: string): Promise<number> =>
    fetch(`${runtime.origin}${path}`).then(
      async (response) => {
        await response.text();
        return response.status;
      },
      () => 0,
    );
  const itemsOf = (path: string, prefix: string): string[] =>
    runtime.arrivals
      .filter((arrival: Arrival) => arrival.path === path)
      .flatMap(({ items }) => items.filter((item) => item.startsWith(prefix)));

  it("sends what 250 requests add, each item once, at most 100 in a batch", async () => {
    const wanted = Array.from({ length: 250 }, (_, index) => `all-${index}`);
    const statuses = await Promise.all(wanted.map((item, index) => call(`/hundred?item=${item}${index % 2 === 0 ? "&context" : ""}`)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    await vi.waitFor(() => expect(itemsOf("/hundred", "all-").length).toBeGreaterThanOrEqual(250), DEADLINE);
    expect(itemsOf("/hundred", "all-").sort()).toEqual(wanted.sort());
    expect(Math.max(...runtime.arrivals.map(({ items }) => items.length))).toBeLessThanOrEqual(100);
  });

  it("sends the item of a lone request, after its response", async () => {
    expect(await call("/hundred?item=lone-1")).toBe(200);
    expect(itemsOf("/hundred", "lone-")).toEqual([]);
    await vi.waitFor(() => expect(itemsOf("/hundred", "lone-")).toEqual(["lone-1"]), DEADLINE);
  });

  it("sends the item of a request that has ended in the request that adds next", async () => {
    expect(await call("/hundred?item=gone-1&abortAfterMs=0")).not.toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 1_000)); // more than lingerMs: the request itself would have sent it
    expect(itemsOf("/hundred", "gone-")).toEqual([]);
    expect(await call("/hundred?item=gone-2")).toBe(200);
    await vi.waitFor(() => expect(itemsOf("/hundred", "gone-")).toEqual(["gone-1", "gone-2"]), DEADLINE);
  });

  it("sends again what a request was sending when it ended", async () => {
    let first = true;
    runtime.respond = async (path) => {
      if (path !== "/slow" || !first) return 200;
      first = false;
      await new Promise((resolve) => setTimeout(resolve, 5_000)); // the request that waits for it has ended by then
      return 200;
    };
    const ended = call("/slow?item=cut-1&item=cut-2&abortAfterMs=500");
    await vi.waitFor(() => expect(itemsOf("/slow", "cut-")).toEqual(["cut-1", "cut-2"]), DEADLINE);
    expect(await call("/slow?item=cut-3")).toBe(200);
    expect(await ended).not.toBe(200);
    await vi.waitFor(() => expect(itemsOf("/slow", "cut-")).toEqual(["cut-1", "cut-2", "cut-1", "cut-2", "cut-3"]), DEADLINE);
    runtime.respond = () => 200;
    await vi.waitFor(async () => expect(await (await fetch(`${runtime.origin}/slow`)).text()).toBe("0"), DEADLINE);
  });

  interface State {
    readonly running: number;
    readonly waiting: number;
    readonly pipelines: { readonly running: number; readonly closed: number };
  }
  const state = async (): Promise<State> => (await fetch(`${runtime.origin}/state`)).json() as Promise<State>;

  /** The sink holds the work of these names, until `release`. */
  function holding(...names: readonly string[]): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    runtime.respond = async (path, items) => {
      if (path === "/work" && names.includes(items[0]!)) await promise;
      return 200;
    };
    return resolve;
  }

  it("frees the slot of a request that has ended, and the places of those that have ended waiting", async () => {
    const release = holding("dead-running");
    const ended = [call("/work?name=dead-running&abortAfterMs=1500")];
    await vi.waitFor(() => expect(itemsOf("/work", "dead-running")).toEqual(["dead-running"]), DEADLINE);
    for (const name of ["dead-1", "dead-2"]) ended.push(call(`/work?name=${name}&abortAfterMs=500`));
    await vi.waitFor(async () => expect(await state()).toMatchObject({ running: 1, waiting: 2 }), DEADLINE);
    const living = call("/work?name=living");
    expect(await living).toBe(200); // within 4 s of the end of the first one, and not after one grant for each dead one
    expect(itemsOf("/work", "dead-")).toEqual(["dead-running"]);
    expect(await state()).toMatchObject({ running: 0, waiting: 0 });
    for (const status of await Promise.all(ended)) expect(status).not.toBe(200);
    release();
  });

  it("frees both at once where the request's signal is passed on, when callers hang up", async () => {
    const release = holding("held", "cut");
    const held = call("/work?name=held");
    await vi.waitFor(() => expect(itemsOf("/work", "held")).toEqual(["held"]), DEADLINE);
    const hungUp = call("/hang-up?name=cut&signal&hangUpAfterMs=500");
    await vi.waitFor(async () => expect(await state()).toMatchObject({ running: 1, waiting: 1 }), DEADLINE);
    expect(await hungUp).toBe(200);
    await vi.waitFor(async () => expect(await state()).toMatchObject({ running: 1, waiting: 0 }), { ...DEADLINE, timeout: 10_000 });
    release();
    expect(await held).toBe(200);
    expect(itemsOf("/work", "cut")).toEqual([]);
  });

  it("stops a pipeline as its client does: while nothing is read, and when it hangs up", async () => {
    const response = await fetch(`${runtime.origin}/pipeline`);
    const reader = response.body!.getReader();
    await reader.read();
    let before = -1;
    await vi.waitFor(
      () => {
        const now = itemsOf("/page", "").length;
        const isStill = now === before;
        before = now;
        expect(isStill).toBe(true); // sockets are full: no more pages are read
      },
      { timeout: 60_000, interval: 500 },
    );
    const { closed } = (await state()).pipelines;
    await reader.cancel();
    await vi.waitFor(async () => expect((await state()).pipelines).toEqual({ running: 0, closed: closed + 1 }), DEADLINE);
  });

  it("breaks the response of a pipeline whose stage fails, rather than ending it as if it were whole", async () => {
    runtime.respond = (path, [number]) => (path === "/page" && number === "5" ? 500 : 200);
    const response = await fetch(`${runtime.origin}/pipeline`);
    await expect(response.arrayBuffer()).rejects.toThrow();
    await vi.waitFor(async () => expect((await state()).pipelines.running).toBe(0), DEADLINE);
    runtime.respond = () => 200;
  });
});
