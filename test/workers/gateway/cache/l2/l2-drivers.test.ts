// The contract of every L2 driver in the table. A new driver in the table is tested without a change here.
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { Purges } from "../../../../../core/cache/purge/purges.ts";
import { cacheApi } from "../../../../../workers/gateway/cache/l2/cache-api.ts";
import { encodeBlock, type L2Block } from "../../../../../workers/gateway/cache/l2/codec.ts";
import { kv } from "../../../../../workers/gateway/cache/l2/kv.ts";
import { L2Cache } from "../../../../../workers/gateway/cache/l2/l2-cache.ts";
import type { L2Driver } from "../../../../../workers/gateway/cache/l2/l2-driver.ts";
import { createL2Caches, L2_DRIVERS } from "../../../../../workers/gateway/cache/l2/l2-drivers.ts";
import { storedResponse, textOf } from "../../../../support/stored-response.ts";

const NOW = Date.now();
let ids = 0;
const newId = (): string => `0.contract-${ids++}`;
const blockOf = (text: string, more = {}): L2Block => encodeBlock(storedResponse(text, NOW, more));

/** Each driver over what workerd itself has. */
const drivers: Readonly<Record<keyof typeof L2_DRIVERS, () => L2Driver>> = {
  kv: () => kv(env.CACHE),
  "cache-api": () => cacheApi(),
};

describe.each(Object.keys(L2_DRIVERS) as (keyof typeof L2_DRIVERS)[])("L2 driver %s", (name) => {
  const until = <T>(read: () => Promise<T>) => vi.waitUntil(read, { timeout: 60_000, interval: 20 });

  it("has no block under an id that was never written", async () => {
    expect(await drivers[name]().read(newId())).toBeUndefined();
  });

  it("returns the bytes and metadata that were written", async () => {
    const [driver, id, block] = [drivers[name](), newId(), blockOf("Grüße", { headers: [["x-name", "value"]] })];
    await driver.write(id, block, NOW);
    const read = await until(() => driver.read(id));
    expect(new Uint8Array(read!.buffer)).toEqual(block.bytes);
    expect(read!.metadata).toEqual(block.metadata);
  });

  it("stores bodies of any bytes, and empty ones", async () => {
    const driver = drivers[name]();
    for (const body of [Uint8Array.from({ length: 70_000 }, (_, index) => index % 256), new Uint8Array()]) {
      const [id, block] = [newId(), blockOf("", { body })];
      await driver.write(id, block, NOW);
      expect(new Uint8Array((await until(() => driver.read(id)))!.buffer)).toEqual(block.bytes);
    }
  });

  it("keeps blocks of different ids apart", async () => {
    const [driver, a, b] = [drivers[name](), newId(), newId()];
    await driver.write(a, blockOf("a"), NOW);
    await driver.write(b, blockOf("b"), NOW);
    const texts = await Promise.all([a, b].map(async (id) => (await until(() => driver.read(id)))!.buffer.byteLength > 0));
    expect(texts).toEqual([true, true]);
    expect((await driver.read(newId()))?.buffer).toBeUndefined();
  });

  it("serves the rules of the shared level: a response comes back with all its fields", async () => {
    const knowledge = { purges: new Purges(), mayServeShared: () => true };
    const level = new L2Cache(drivers[name](), knowledge, { secondMissWithinMs: 0 });
    const [key, stored] = [`contract ${name}`, storedResponse("a response", NOW, { purgeSeq: 7 })];
    expect(await level.get(key, NOW, 30_000)).toBeUndefined();
    level.put(key, stored, NOW);
    const read = await until(() => level.get(key, NOW, 30_000));
    expect(read).toEqual(stored);
    expect(textOf(read)).toBe("a response");
  });
});

it("creates each shared level that routes name once, and none for none", () => {
  const levels = createL2Caches(["kv", "none", "kv", "cache-api"], env.CACHE, undefined);
  expect(Object.keys(levels).sort()).toEqual(["cache-api", "kv"]);
  expect(createL2Caches(["none"], undefined, undefined)).toEqual({});
});
