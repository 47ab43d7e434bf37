// Batches across requests, in workerd over sockets: requests that end before their items are sent, on the pinned and on the next runtime.
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Arrival, RUNTIMES, startWork, type WorkRuntime } from "./runtime.ts";

const DEADLINE = { timeout: 60_000, interval: 20 };

describe.each(RUNTIMES)("BatchProcessor on %s", (_name, binary) => {
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
});
