// The shared level in KV: the real namespace of workerd for what it keeps, and one that fails or hangs for faults alone.
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { Purges } from "../../../../../core/cache/purge/purges.ts";
import { type CacheNamespace, kv } from "../../../../../workers/gateway/cache/l2/kv.ts";
import { L2Cache, type L2Settings } from "../../../../../workers/gateway/cache/l2/l2-cache.ts";
import { storedResponse, textOf } from "../../../../support/cache-entry.ts";

vi.setConfig({ testTimeout: 30_000 }); // this machine may be busy
const NOW = Date.now();
const PATIENT = { deadlineMs: 10_000, secondMissWithinMs: 0 };
let names = 0;
const freshKey = (): string => `v1|users.v1.UserService/GetUser|shared|${names++}`;

function levelOver(namespace: CacheNamespace = env.CACHE, settings: Partial<L2Settings> = {}, purges = new Purges()): L2Cache {
  return new L2Cache(kv(namespace), { purges, mayServeShared: () => true }, { ...PATIENT, ...settings });
}

/** Waits for a write behind an answer. */
async function stored(level: L2Cache, key: string): Promise<string | undefined> {
  return textOf(await vi.waitUntil(() => level.get(key, NOW), { timeout: 60_000, interval: 20 }));
}

/** The real namespace; remembers what was written. */
function watched(): CacheNamespace & { readonly writes: { key: string; options: KVNamespacePutOptions }[]; readonly reads: unknown[] } {
  const [writes, reads]: [{ key: string; options: KVNamespacePutOptions }[], unknown[]] = [[], []];
  return {
    writes,
    reads,
    put: async (key: string, value: never, options: KVNamespacePutOptions = {}) => {
      writes.push({ key, options });
      await env.CACHE.put(key, value, options);
    },
    getWithMetadata: (key, options) => {
      reads.push(options);
      return env.CACHE.getWithMetadata(key, options);
    },
  };
}

const failing = (how: () => Promise<never>): CacheNamespace => ({ put: how, getWithMetadata: how });

describe("a namespace", () => {
  it("brings back what another isolate has put there", async () => {
    const key = freshKey();
    const entry = { ...storedResponse("an answer", NOW, { purgeSeq: 7 }), etag: '"v1"' };
    levelOver().put(key, entry, NOW);
    const other = levelOver();
    expect(await stored(other, key)).toBe("an answer");
    expect(await other.get(key, NOW)).toEqual(entry);
    expect(other.counts.hit).toBe(2);
  });

  it("has a miss for what nobody has put there", async () => {
    const level = levelOver();
    expect(await level.get(freshKey(), NOW)).toBeUndefined();
    expect(level.counts).toMatchObject({ miss: 1, failed: 0, timeout: 0 });
  });

  it("gets keys that tell nothing and never meet, of any length", async () => {
    const namespace = watched();
    const level = levelOver(namespace);
    const keys = [freshKey(), "x".repeat(60_000), "x".repeat(60_001), "ü\u{1f600}"];
    for (const key of keys) level.put(key, storedResponse(key.slice(0, 10), NOW), NOW);
    await vi.waitUntil(() => namespace.writes.length === keys.length, { timeout: 60_000 });
    const ids = namespace.writes.map(({ key }) => key);
    expect(new Set(ids).size).toBe(keys.length);
    for (const id of ids) expect(id).toMatch(/^0\.[\w-]{43}$/);
  });

  it("keeps KV's minima: lives of 60 s, copies of 30 s", async () => {
    const namespace = watched();
    const level = levelOver(namespace, { minLifeMs: 0 });
    const short = freshKey();
    level.put(
      short,
      storedResponse("short", NOW, { freshUntil: NOW + 2_000, staleUntil: NOW + 2_000, staleIfErrorUntil: NOW + 2_500 }),
      NOW,
    );
    level.put(freshKey(), storedResponse("long", NOW, { staleIfErrorUntil: NOW + 600_001 }), NOW);
    await vi.waitUntil(() => namespace.writes.length === 2, { timeout: 60_000 });
    expect(namespace.writes.map(({ options }) => options.expirationTtl).sort()).toEqual([60, 601]);
    expect(await level.get(short, NOW + 2_500)).toBeUndefined(); // KV has it still; it has expired
    expect([level.counts.expired, namespace.reads]).toEqual([1, [{ type: "arrayBuffer", cacheTtl: 30 }]]);
  });

  it.each([
    ["what another program wrote", (id: string) => env.CACHE.put(id, "hello"), "other_version"],
    ["what another version wrote", (id: string) => env.CACHE.put(id, "hello", { metadata: { v: 0, k: NOW * 2 } }), "other_version"],
    ["bytes that are no entry", (id: string) => env.CACHE.put(id, "hello", { metadata: { v: 2, k: NOW * 2, n: 1, b: 0 } }), "corrupt"],
  ] as const)("has a miss, counted, for %s", async (_name, spoil, count) => {
    const namespace = watched();
    const level = levelOver(namespace);
    const key = freshKey();
    level.put(key, storedResponse("good", NOW), NOW);
    expect(await stored(level, key)).toBe("good");
    await spoil(namespace.writes[0]!.key);
    expect(await level.get(key, NOW)).toBeUndefined();
    expect(level.counts[count]).toBe(1);
    expect(level.counts.failed).toBe(0);
  });

  it("finds nothing from before a hard purge of all, and lets nothing from before it in", async () => {
    const purges = new Purges();
    const level = levelOver(env.CACHE, {}, purges);
    const key = freshKey();
    level.put(key, storedResponse("before", NOW), NOW);
    expect(await stored(level, key)).toBe("before");
    purges.apply({ kind: "purged", seq: 9, epoch: 9, softFloor: 0, hardFloor: 9, purges: [] });
    expect(await level.get(key, NOW)).toBeUndefined();
    level.put(key, storedResponse("fetched before", NOW, { purgeSeq: 8 }), NOW);
    expect(level.counts.purged).toBe(1);
    level.put(key, storedResponse("fetched after", NOW + 2_000, { purgeSeq: 9 }), NOW + 2_000);
    expect(await stored(level, key)).toBe("fetched after");
  });
});

describe("few writes:", () => {
  it("on the second miss within the window, and not on the first", () => {
    const level = levelOver(env.CACHE, { secondMissWithinMs: 60_000 });
    const [often, seldom] = [freshKey(), freshKey()];
    level.put(often, storedResponse("a", NOW), NOW);
    level.put(seldom, storedResponse("a", NOW), NOW);
    expect(level.counts).toMatchObject({ first_miss: 2, written: 0 });
    level.put(often, storedResponse("a", NOW), NOW + 59_999);
    level.put(seldom, storedResponse("a", NOW), NOW + 60_000);
    expect(level.counts).toMatchObject({ first_miss: 3, written: 1 });
  });

  it("what was found there is written anew when it is refreshed, at once", async () => {
    const key = freshKey();
    levelOver().put(key, storedResponse("old", NOW), NOW);
    const other = levelOver(env.CACHE, { secondMissWithinMs: 60_000 });
    expect(await stored(other, key)).toBe("old");
    other.put(key, storedResponse("new", NOW), NOW);
    expect(other.counts.written).toBe(1);
  });

  it.each([
    { freshMs: 600_000, everyMs: 300_000 },
    { freshMs: 1_000, everyMs: 1_000 },
    { freshMs: 0, everyMs: 1_000 },
  ])("one for a key every $everyMs ms where answers stay fresh for $freshMs ms", ({ freshMs, everyMs }) => {
    const level = levelOver();
    const [key, other] = [freshKey(), freshKey()];
    const put = (at: number, name = key) =>
      level.put(name, storedResponse("a", NOW + at, { freshUntil: NOW + at + freshMs, staleIfErrorUntil: NOW + 9e6 }), NOW + at);
    for (const at of [0, 1, everyMs - 1]) put(at);
    put(1, other);
    expect(level.counts).toMatchObject({ written: 2, too_soon: 2 });
    put(everyMs);
    expect(level.counts.written).toBe(3);
  });

  it("not of what lives for less than a minute, nor of what is larger than a megabyte", () => {
    const level = levelOver();
    const dying = { freshUntil: NOW + 1, staleUntil: NOW + 1 };
    level.put(freshKey(), storedResponse("a", NOW, { ...dying, staleIfErrorUntil: NOW + 59_999 }), NOW);
    level.put(freshKey(), storedResponse("a", NOW, { ...dying, staleIfErrorUntil: NOW + 60_000 }), NOW);
    level.put(freshKey(), storedResponse("", NOW, { body: new Uint8Array(1_048_577) }), NOW);
    level.put(freshKey(), storedResponse("", NOW, { body: new Uint8Array(1_048_576) }), NOW);
    expect(level.counts).toMatchObject({ short_life: 1, too_large: 1, written: 2 });
  });
});

describe("a namespace at fault", () => {
  it("that throws is a miss, counted, for reads; and a write that failed is one", async () => {
    const level = levelOver(failing(() => Promise.reject(new Error("429 Too Many Requests"))));
    expect(await level.get("a", NOW)).toBeUndefined();
    level.put("b", storedResponse("a", NOW), NOW);
    await vi.waitUntil(() => level.counts.write_failed === 1, { timeout: 60_000 });
    expect(level.counts).toMatchObject({ failed: 1, written: 0 });
  });

  it("that throws at once does no other harm", async () => {
    const level = levelOver({
      put: () => {
        throw new Error("no");
      },
      getWithMetadata: () => {
        throw new Error("no");
      },
    });
    expect(await level.get("a", NOW)).toBeUndefined();
    level.put("b", storedResponse("a", NOW), NOW);
    await vi.waitUntil(() => level.counts.write_failed === 1, { timeout: 60_000 });
  });

  it("that does not answer is a miss after the deadline", async () => {
    const level = levelOver(
      failing(() => new Promise<never>(() => undefined)),
      { deadlineMs: 50 },
    );
    expect(await level.get("a", NOW)).toBeUndefined();
    expect(level.counts).toMatchObject({ timeout: 1, miss: 0 });
  });

  it("is left alone for 10 s after 5 failures in a row, then tried again, once", async () => {
    let [asked, isDown] = [0, true];
    const level = levelOver({
      put: env.CACHE.put.bind(env.CACHE) as CacheNamespace["put"],
      getWithMetadata: (key, options) => {
        asked += 1;
        return isDown ? Promise.reject(new Error("down")) : env.CACHE.getWithMetadata(key, options);
      },
    });
    for (let n = 0; n < 20; n++) await level.get("a", NOW + n);
    expect([asked, level.counts.paused]).toEqual([5, 15]);
    level.put("a", storedResponse("a", NOW), NOW + 5_000);
    expect(level.counts).toMatchObject({ paused: 16, written: 0 });
    await level.get("a", NOW + 10_100);
    await level.get("a", NOW + 10_200);
    expect(asked).toBe(6);
    isDown = false;
    for (let n = 0; n < 5; n++) await level.get("a", NOW + 30_000 + n);
    expect([asked, level.counts.miss]).toEqual([11, 5]);
  });

  it("is not left alone for failures that are not in a row", async () => {
    let turn = 0;
    const level = levelOver({
      put: env.CACHE.put.bind(env.CACHE) as CacheNamespace["put"],
      getWithMetadata: (key, options) => (++turn % 5 === 0 ? env.CACHE.getWithMetadata(key, options) : Promise.reject(new Error("down"))),
    });
    for (let n = 0; n < 40; n++) await level.get(freshKey(), NOW);
    expect(level.counts).toMatchObject({ failed: 32, miss: 8, paused: 0 });
  });
});

it("serves nothing before purges have been heard once, and does not ask", async () => {
  const key = freshKey();
  levelOver().put(key, storedResponse("a", NOW), NOW);
  let isHeard = false;
  const namespace = watched();
  const cold = new L2Cache(kv(namespace), { purges: new Purges(), mayServeShared: () => isHeard }, PATIENT);
  expect(await cold.get(key, NOW)).toBeUndefined();
  expect([cold.counts.not_ready, namespace.reads.length]).toEqual([1, 0]);
  isHeard = true;
  expect(await stored(cold, key)).toBe("a");
});
