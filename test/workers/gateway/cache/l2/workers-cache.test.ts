// The Workers Cache driver: the entrypoint offers a block only during its write.
import { expect, it } from "vitest";
import { encodeBlock } from "../../../../../workers/gateway/cache/l2/codec.ts";
import { SharedCache, workersCache } from "../../../../../workers/gateway/cache/l2/workers-cache.ts";
import { storedResponse } from "../../../../support/stored-response.ts";

const NOW = Date.now();

/** The entrypoint without the cache in front, which records its responses. */
function entrypoint() {
  const worker = new SharedCache({} as ExecutionContext, {} as Cloudflare.Env);
  const responses: Response[] = [];
  return {
    responses,
    fetch(url: string): Promise<Response> {
      const response = worker.fetch(new Request(url));
      responses.push(response.clone());
      return Promise.resolve(response);
    },
  };
}

it("offers a block while it is written, for as long as the response is fresh, and 404 before and after", async () => {
  const inner = entrypoint();
  const driver = workersCache(inner);
  const block = encodeBlock(storedResponse("a response", NOW));
  expect(await driver.read("1.abc")).toBeUndefined();
  await driver.write("1.abc", block, NOW + 100_000);
  expect(await driver.read("1.abc")).toBeUndefined();
  const [before, written, after] = inner.responses;
  expect([before!.status, before!.headers.get("cache-control")]).toEqual([404, "no-store"]); // a stored 404 would hide the block
  expect([written!.status, written!.headers.get("cache-control")]).toEqual([200, "public, max-age=200"]);
  expect(new Uint8Array(await written!.arrayBuffer())).toEqual(block.bytes);
  expect(after!.status).toBe(404);
});

it("writes nothing that is stale, and ends the offer where the write fails", async () => {
  const inner = entrypoint();
  await workersCache(inner).write("1.stale", encodeBlock(storedResponse("a", NOW)), NOW + 299_001);
  expect(inner.responses).toHaveLength(0);
  const failing = { fetch: () => Promise.reject(new Error("no cache")) };
  await expect(workersCache(failing).write("1.failed", encodeBlock(storedResponse("a", NOW)), NOW)).rejects.toThrow("no cache");
  expect((await inner.fetch("https://cache.internal/1.failed")).status).toBe(404);
});
