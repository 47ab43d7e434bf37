// The rules of the shared level over KV as workerd has it, and over a namespace that fails or hangs.
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { Purges } from "../../../../../core/cache/purge/purges.ts";
import type { L2AdmissionRules } from "../../../../../core/cache/store/l2-admission.ts";
import { type CacheNamespace, kv } from "../../../../../workers/gateway/cache/l2/kv.ts";
import { L2Cache } from "../../../../../workers/gateway/cache/l2/l2-cache.ts";
import { storedResponse, textOf } from "../../../../support/stored-response.ts";

const NOW = Date.now();
const PATIENT_MS = 10_000;
const AT_ONCE = { secondMissWithinMs: 0 }; // each miss is written
let names = 0;
const freshKey = (): string => `v1|users.v1.UserService/GetUser|shared|${names++}`;

function levelOver(namespace: CacheNamespace = env.CACHE, settings: Partial<L2AdmissionRules> = {}, purges = new Purges()): L2Cache {
  return new L2Cache(kv(namespace), { purges, mayServeShared: () => true }, { ...AT_ONCE, ...settings });
}

/** Waits for a write in the background. */
async function stored(level: L2Cache, key: string): Promise<string | undefined> {
  return textOf(await vi.waitUntil(() => level.get(key, NOW, PATIENT_MS), { timeout: 60_000, interval: 20 }));
}

/** The real namespace, which records reads and writes. */
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

describe("the shared level", () => {
  it("returns what another isolate has stored", async () => {
    const key = freshKey();
    const entry = { ...storedResponse("a response", NOW, { purgeSeq: 7 }), etag: '"v1"' };
    levelOver().put(key, entry, NOW);
    const other = levelOver();
    expect(await stored(other, key)).toBe("a response");
    expect(await other.get(key, NOW, PATIENT_MS)).toEqual(entry);
    expect(other.counts.hit).toBe(2);
  });

  it("counts a miss for a key that is not stored", async () => {
    const level = levelOver();
    expect(await level.get(freshKey(), NOW, PATIENT_MS)).toBeUndefined();
    expect(level.counts).toMatchObject({ miss: 1, failed: 0, late: 0 });
  });

  it("uses hashed ids of fixed length, different for different keys", async () => {
    const namespace = watched();
    const level = levelOver(namespace);
    const keys = [freshKey(), "x".repeat(60_000), "x".repeat(60_001), "ü\u{1f600}"];
    for (const key of keys) level.put(key, storedResponse(key.slice(0, 10), NOW), NOW);
    await vi.waitUntil(() => namespace.writes.length === keys.length, { timeout: 60_000 });
    const ids = namespace.writes.map(({ key }) => key);
    expect(new Set(ids).size).toBe(keys.length);
    for (const id of ids) expect(id).toMatch(/^0\.[\w-]{43}$/);
  });

  it.each([
    ["a value of another program", (id: string) => env.CACHE.put(id, "hello"), "other_version"],
    ["a block of another version", (id: string) => env.CACHE.put(id, "hello", { metadata: { v: 0, k: NOW * 2 } }), "other_version"],
    ["bytes that are no response", (id: string) => env.CACHE.put(id, "hello", { metadata: { v: 2, k: NOW * 2, n: 1, b: 0 } }), "corrupt"],
  ] as const)("counts a miss for %s", async (_name, overwrite, count) => {
    const namespace = watched();
    const level = levelOver(namespace);
    const key = freshKey();
    level.put(key, storedResponse("good", NOW), NOW);
    expect(await stored(level, key)).toBe("good");
    await overwrite(namespace.writes[0]!.key);
    expect(await level.get(key, NOW, PATIENT_MS)).toBeUndefined();
    expect(level.counts[count]).toBe(1);
    expect(level.counts.failed).toBe(0);
  });

  it("finds nothing from before a hard purge of all, and stores nothing fetched before it", async () => {
    const purges = new Purges();
    const level = levelOver(env.CACHE, {}, purges);
    const key = freshKey();
    level.put(key, storedResponse("before", NOW), NOW);
    expect(await stored(level, key)).toBe("before");
    purges.apply({ kind: "purged", seq: 9, epoch: 9, softFloor: 0, hardFloor: 9, purges: [] });
    expect(await level.get(key, NOW, PATIENT_MS)).toBeUndefined();
    level.put(key, storedResponse("fetched before", NOW, { purgeSeq: 8 }), NOW);
    expect(level.counts.purged).toBe(1);
    level.put(key, storedResponse("fetched after", NOW + 2_000, { purgeSeq: 9 }), NOW + 2_000);
    expect(await stored(level, key)).toBe("fetched after");
  });
});

describe("writes", () => {
  it("happen on the second miss within the window, not on the first", () => {
    const level = levelOver(env.CACHE, { secondMissWithinMs: 60_000 });
    const [often, seldom] = [freshKey(), freshKey()];
    level.put(often, storedResponse("a", NOW), NOW);
    level.put(seldom, storedResponse("a", NOW), NOW);
    expect(level.counts).toMatchObject({ first_miss: 2, written: 0 });
    level.put(often, storedResponse("a", NOW), NOW + 59_999);
    level.put(seldom, storedResponse("a", NOW), NOW + 60_000);
    expect(level.counts).toMatchObject({ first_miss: 3, written: 1 });
  });

  it("happen at once for the refresh of what the shared level has", async () => {
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
  ])("happen once per key and $everyMs ms where responses are fresh for $freshMs ms", ({ freshMs, everyMs }) => {
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

  it("do not happen for lives below a minute or bodies above a megabyte", () => {
    const level = levelOver();
    const expiring = { freshUntil: NOW + 1, staleUntil: NOW + 1 };
    level.put(freshKey(), storedResponse("a", NOW, { ...expiring, staleIfErrorUntil: NOW + 59_999 }), NOW);
    level.put(freshKey(), storedResponse("a", NOW, { ...expiring, staleIfErrorUntil: NOW + 60_000 }), NOW);
    level.put(freshKey(), storedResponse("", NOW, { body: new Uint8Array(1_048_577) }), NOW);
    level.put(freshKey(), storedResponse("", NOW, { body: new Uint8Array(1_048_576) }), NOW);
    expect(level.counts).toMatchObject({ short_life: 1, too_large: 1, written: 2 });
  });
});

describe("faults", () => {
  it("count as failed reads and failed writes", async () => {
    const level = levelOver(failing(() => Promise.reject(new Error("429 Too Many Requests"))));
    expect(await level.get("a", NOW, PATIENT_MS)).toBeUndefined();
    level.put("b", storedResponse("a", NOW), NOW);
    await vi.waitUntil(() => level.counts.write_failed === 1, { timeout: 60_000 });
    expect(level.counts).toMatchObject({ failed: 1, written: 0 });
  });

  it("thrown synchronously are handled, too", async () => {
    const level = levelOver({
      put: () => {
        throw new Error("no");
      },
      getWithMetadata: () => {
        throw new Error("no");
      },
    });
    expect(await level.get("a", NOW, PATIENT_MS)).toBeUndefined();
    level.put("b", storedResponse("a", NOW), NOW);
    await vi.waitUntil(() => level.counts.write_failed === 1, { timeout: 60_000 });
  });

  it("are late after the wait of the call, and failures after 2 s", async () => {
    const level = levelOver(failing(() => new Promise<never>(() => undefined)));
    expect(await level.get("a", NOW, 20)).toBeUndefined();
    expect(level.counts).toMatchObject({ late: 1, miss: 0, failed: 0 });
    await vi.waitUntil(() => level.counts.failed === 1, { timeout: 60_000 });
  });

  it("are no reads that a location does not hold: slow ones never pause the level, whatever calls wait", async () => {
    let reads = 0;
    const level = levelOver({
      put: env.CACHE.put.bind(env.CACHE) as CacheNamespace["put"],
      getWithMetadata: async (key, options) => {
        reads += 1;
        await scheduler.wait(60);
        return env.CACHE.getWithMetadata(key, options);
      },
    });
    for (let n = 0; n < 8; n++) await Promise.all(Array.from({ length: 5 }, () => level.get(freshKey(), NOW + n, 10)));
    expect([reads, level.counts.late, level.counts.paused]).toEqual([40, 40, 0]);
    const key = freshKey();
    level.put(key, storedResponse("slow", NOW), NOW);
    expect(await stored(level, key)).toBe("slow"); // a call that may wait gets it
    expect(level.counts).toMatchObject({ failed: 0, paused: 0 });
  });

  it("that end late are failures, too: 5 of them pause the level", async () => {
    const level = levelOver(failing(() => scheduler.wait(30).then(() => Promise.reject(new Error("down")))));
    for (let n = 0; n < 5; n++) await level.get("a", NOW, 10);
    await vi.waitUntil(() => level.counts.failed === 5, { timeout: 60_000 });
    await level.get("a", NOW, 10);
    expect(level.counts).toMatchObject({ late: 5, paused: 1 });
  });

  it("pause the level for 10 s after 5 consecutive failures, then allow one try", async () => {
    let [reads, isDown] = [0, true];
    const level = levelOver({
      put: env.CACHE.put.bind(env.CACHE) as CacheNamespace["put"],
      getWithMetadata: (key, options) => {
        reads += 1;
        return isDown ? Promise.reject(new Error("down")) : env.CACHE.getWithMetadata(key, options);
      },
    });
    for (let n = 0; n < 20; n++) await level.get("a", NOW + n, PATIENT_MS);
    expect([reads, level.counts.paused]).toEqual([5, 15]);
    level.put("a", storedResponse("a", NOW), NOW + 5_000);
    expect(level.counts).toMatchObject({ paused: 16, written: 0 });
    await level.get("a", NOW + 10_100, PATIENT_MS);
    await level.get("a", NOW + 10_200, PATIENT_MS);
    expect(reads).toBe(6);
    isDown = false;
    for (let n = 0; n < 5; n++) await level.get("a", NOW + 30_000 + n, PATIENT_MS);
    expect([reads, level.counts.miss]).toEqual([11, 5]);
  });

  it("do not pause the level where they are not consecutive", async () => {
    let turn = 0;
    const level = levelOver({
      put: env.CACHE.put.bind(env.CACHE) as CacheNamespace["put"],
      getWithMetadata: (key, options) => (++turn % 5 === 0 ? env.CACHE.getWithMetadata(key, options) : Promise.reject(new Error("down"))),
    });
    for (let n = 0; n < 40; n++) await level.get(freshKey(), NOW, PATIENT_MS);
    expect(level.counts).toMatchObject({ failed: 32, miss: 8, paused: 0 });
  });
});

it("serves nothing and reads nothing before the purges are known", async () => {
  const key = freshKey();
  levelOver().put(key, storedResponse("a", NOW), NOW);
  let arePurgesKnown = false;
  const namespace = watched();
  const cold = new L2Cache(kv(namespace), { purges: new Purges(), mayServeShared: () => arePurgesKnown }, AT_ONCE);
  expect(await cold.get(key, NOW, PATIENT_MS)).toBeUndefined();
  expect([cold.counts.not_ready, namespace.reads.length]).toEqual([1, 0]);
  arePurgesKnown = true;
  expect(await stored(cold, key)).toBe("a");
});
