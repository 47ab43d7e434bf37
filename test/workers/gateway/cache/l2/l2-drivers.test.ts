// The other places of the shared level: the Cache API as workerd has it, Workers Cache as far as it can run here, and none.
import { expect, it, vi } from "vitest";
import { Purges } from "../../../../../core/cache/purge/purges.ts";
import { cacheApi } from "../../../../../workers/gateway/cache/l2/cache-api.ts";
import { encodeBlock } from "../../../../../workers/gateway/cache/l2/codec.ts";
import { L2Cache } from "../../../../../workers/gateway/cache/l2/l2-cache.ts";
import type { L2Driver } from "../../../../../workers/gateway/cache/l2/l2-driver.ts";
import { SharedCache, workersCache } from "../../../../../workers/gateway/cache/l2/workers-cache.ts";
import { storedResponse, textOf } from "../../../../support/cache-entry.ts";

vi.setConfig({ testTimeout: 30_000 }); // this machine may be busy
const NOW = Date.now();
const knowledge = { purges: new Purges(), mayServeShared: () => true };
const levelOver = (driver: L2Driver) => new L2Cache(driver, knowledge, { deadlineMs: 10_000, secondMissWithinMs: 0 });

it("cache-api: brings back what was put there, and has a miss for what was not", async () => {
  const level = levelOver(cacheApi());
  const entry = { ...storedResponse("an answer", NOW), etag: '"v1"' };
  expect(await level.get("cache-api", NOW)).toBeUndefined();
  level.put("cache-api", entry, NOW);
  expect(await vi.waitUntil(() => level.get("cache-api", NOW), { timeout: 60_000, interval: 20 })).toEqual(entry);
});

it("cache-api: has a miss, counted, for what another version wrote or what is broken", async () => {
  const found = (metadata: string, body: string) =>
    levelOver(
      cacheApi(() =>
        Promise.resolve({
          match: () => Promise.resolve(new Response(body, { headers: { "x-tidegate-metadata": metadata } })),
          put: () => Promise.resolve(),
        }),
      ),
    );
  const levels = [found("{", "a"), found('{"v":0}', "a"), found(`{"v":2,"k":${NOW * 2},"n":1,"b":0}`, "a")];
  for (const level of levels) expect(await level.get("a", NOW)).toBeUndefined();
  expect(levels.map(({ counts }) => [counts.other_version, counts.corrupt, counts.failed])).toEqual([
    [1, 0, 0],
    [1, 0, 0],
    [0, 1, 0],
  ]);
});

/** The entrypoint without the cache that stands before it when it is deployed. */
function entrypoint() {
  const object = new SharedCache({} as ExecutionContext, {} as Cloudflare.Env);
  const answers: Response[] = [];
  return {
    answers,
    fetch(url: string): Promise<Response> {
      const answer = object.fetch(new Request(url));
      answers.push(answer.clone());
      return Promise.resolve(answer);
    },
  };
}

it("workers-cache: holds a block out while it is written, fresh for as long as the entry is, and nothing else", async () => {
  const inner = entrypoint();
  const driver = workersCache(inner);
  const block = encodeBlock(storedResponse("an answer", NOW));
  expect(await driver.read("1.abc")).toBeUndefined();
  await driver.write("1.abc", block, NOW + 100_000);
  expect(await driver.read("1.abc")).toBeUndefined();
  const [before, written, after] = inner.answers;
  expect([before!.status, before!.headers.get("cache-control")]).toEqual([404, "no-store"]); // else it would be kept for minutes
  expect([written!.status, written!.headers.get("cache-control")]).toEqual([200, "public, max-age=200"]);
  expect(new Uint8Array(await written!.arrayBuffer())).toEqual(block.bytes);
  expect(after!.status).toBe(404);
});

it("workers-cache: reads what a cache before the entrypoint has kept", async () => {
  const inner = entrypoint();
  const kept = new Map<string, Response>();
  const cached = {
    async fetch(url: string): Promise<Response> {
      const answer = kept.get(url) ?? (await inner.fetch(url));
      if (answer.headers.get("cache-control") !== "no-store") kept.set(url, answer.clone());
      return answer.clone();
    },
  };
  const level = levelOver(workersCache(cached));
  expect(await level.get("a", NOW)).toBeUndefined();
  level.put("a", storedResponse("an answer", NOW), NOW);
  expect(textOf(await vi.waitUntil(() => level.get("a", NOW), { timeout: 60_000, interval: 20 }))).toBe("an answer");
});
