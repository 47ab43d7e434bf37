// The Durable Object of the control plane: what relays and operators read, after evictions, too; one of concurrent changes wins; and the
// size of its rows.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_SNAPSHOT_BYTES, type StoredSnapshot, snapshotText } from "../../core/control/snapshot.ts";
import type { ControlPlane } from "../../durable-objects/control-plane.ts";

const START = Date.UTC(2026, 0, 1);
const MAX_ROW_BYTES = 2_000_000; // developers.cloudflare.com/durable-objects/platform/limits, "Maximum string, BLOB or table row size"
let names = 0;
const fresh = (): DurableObjectStub<ControlPlane> => env.CONTROL_PLANE.getByName(`test-${names++}`);
const by = (expected: number, author = "ann") => ({ expected, author, reason: "because" });
const REPORT = { relay: "weur/relay-0", validMs: 15_000, isolates: { bundled: 2 }, canaries: {}, refused: [] };

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

async function digestOf(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function snapshot(name: string, ...sets: Uint8Array<ArrayBuffer>[]): Promise<StoredSnapshot> {
  const named = await Promise.all(sets.map(async (set) => [await digestOf(set), set] as const));
  const text = snapshotText({ format: 1, configuration: { name }, descriptors: named.map(([digest]) => digest), layers: [] });
  return { digest: await digestOf(new TextEncoder().encode(text)), text, descriptors: Object.fromEntries(named) };
}

function bytes(size: number, seed: number): Uint8Array<ArrayBuffer> {
  const filled = new Uint8Array(size);
  for (let n = 0; n < size; n++) filled[n] = (n * seed) % 251;
  return filled;
}

async function published(plane: DurableObjectStub<ControlPlane>, name: string, percent?: number): Promise<number> {
  const { sequence } = await plane.status();
  const outcome = await plane.publish(by(sequence), await snapshot(name), percent === undefined ? undefined : { percent });
  if (outcome.kind !== "changed") throw new Error(JSON.stringify(outcome));
  return outcome.change.sequence;
}

describe("publish", () => {
  it("makes a snapshot live, which relays then read, after an eviction, too", async () => {
    const plane = fresh();
    expect(await plane.since([], REPORT)).toEqual({ sequence: 0, live: undefined, canary: undefined, snapshots: [] });
    const stored = await snapshot("one", bytes(10, 3));
    const outcome = await plane.publish(by(0), stored);
    expect(outcome).toMatchObject({ kind: "changed", change: { sequence: START, kind: "publish", version: 1, author: "ann" } });
    await evictDurableObject(plane);
    const delta = { sequence: START, live: { version: 1, digest: stored.digest }, canary: undefined };
    expect(await plane.since([], REPORT)).toEqual({ ...delta, snapshots: [stored] });
    expect(await plane.since([stored.digest], REPORT)).toEqual({ ...delta, snapshots: [] });
    expect(await plane.version(1)).toMatchObject({ version: { author: "ann", reason: "because", at: START }, snapshot: stored });
  });

  it("has one winner among concurrent ones, and tells the others who won", async () => {
    const plane = fresh();
    const snapshots = await Promise.all(Array.from({ length: 12 }, (_, n) => snapshot(`version ${n}`)));
    const outcomes = await Promise.all(snapshots.map((stored, n) => plane.publish(by(0, `author ${n}`), stored)));
    const won = outcomes.filter(({ kind }) => kind === "changed");
    expect(won).toHaveLength(1);
    const { author } = (won[0] as { change: { author: string } }).change;
    for (const lost of outcomes.filter(({ kind }) => kind !== "changed"))
      expect(lost).toMatchObject({ kind: "conflict", sequence: START, winner: { author, version: 1 } });
    expect(await plane.versions()).toHaveLength(1);
  });

  it("loses nothing that it has acknowledged, whenever it is evicted", async () => {
    const plane = fresh();
    const acknowledged = new Map<number, string>();
    for (let round = 0; round < 12; round++) {
      const { sequence } = await plane.status();
      const tries = [0, 1, 2].map(async (n) => {
        const stored = await snapshot(`round ${round} ${n}`);
        const outcome = await plane.publish(by(sequence), stored);
        if (outcome.kind === "changed") acknowledged.set(outcome.change.version, stored.digest);
      });
      if (round % 3 === 0) await Promise.all([...tries, evictDurableObject(plane)].map((done) => done.catch(() => undefined)));
      else await Promise.all(tries);
      await evictDurableObject(plane).catch(() => undefined); // it may not have started again
    }
    const stored = new Map((await plane.versions()).map(({ version, digest }) => [version, digest]));
    for (const [version, digest] of acknowledged) expect(stored.get(version)).toBe(digest);
    expect(acknowledged.size).toBeGreaterThanOrEqual(8);
    const live = (await plane.status()).live!;
    expect((await plane.version(live.version))?.snapshot.digest).toBe(live.digest);
  });

  it("stores the largest snapshot in rows below the limit of the platform, and shared parts once", async () => {
    const plane = fresh();
    const set = bytes(4_000_000, 7);
    const large = await snapshot("large", set, bytes(MAX_SNAPSHOT_BYTES - 4_001_000, 11));
    expect(await plane.publish(by(0), large)).toMatchObject({ kind: "changed" });
    const { sequence } = await plane.status();
    expect(await plane.publish(by(sequence), await snapshot("other", set))).toMatchObject({ kind: "changed" });
    await evictDurableObject(plane);
    expect((await plane.version(1))?.snapshot).toEqual(large);
    await runInDurableObject(plane, (_, state) => {
      const sql = "SELECT MAX(LENGTH(bytes)) AS longest, SUM(LENGTH(bytes)) AS total FROM chunks";
      const { longest, total } = state.storage.sql.exec<{ longest: number; total: number }>(sql).one();
      expect(longest).toBeLessThan(MAX_ROW_BYTES);
      expect(total).toBeLessThan(MAX_SNAPSHOT_BYTES);
    });
  });

  it.each([
    { name: "too much", make: () => snapshot("x", bytes(MAX_SNAPSHOT_BYTES, 3)), problem: "publish at most" },
    { name: "another digest", make: async () => ({ ...(await snapshot("x")), digest: "0".repeat(64) }), problem: "the SHA-256 of" },
    { name: "no snapshot", make: async () => ({ ...(await snapshot("x")), text: "{}" }), problem: "format" },
  ])("refuses $name, and stores nothing of it", async ({ make, problem }) => {
    const plane = fresh();
    expect(await plane.publish(by(0), await make())).toEqual({ kind: "refused", problem: expect.stringContaining(problem) });
    await runInDurableObject(plane, (_, state) => {
      expect(state.storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM chunks").one().n).toBe(0);
    });
  });
});

describe("a canary", () => {
  it("is read by relays beside the live version, and promoted", async () => {
    const plane = fresh();
    await published(plane, "one");
    const sequence = await published(plane, "two", 5);
    await evictDurableObject(plane);
    expect(await plane.since([], REPORT)).toMatchObject({ live: { version: 1 }, canary: { version: 2, percent: 5 } });
    expect((await plane.since([], REPORT)).snapshots).toHaveLength(2);
    expect(await plane.promote(by(sequence), { percent: 50, region: "weur" })).toMatchObject({ kind: "changed" });
    expect(await plane.status()).toMatchObject({ canary: { percent: 50, region: "weur", version: { version: 2 } } });
    expect(await plane.promote(by((await plane.status()).sequence))).toMatchObject({ change: { kind: "promote", version: 2 } });
    expect(await plane.status()).toMatchObject({ live: { version: 2 }, previous: { version: 1 }, canary: undefined });
  });

  it("is taken back by one command", async () => {
    const plane = fresh();
    await published(plane, "one");
    const sequence = await published(plane, "two", 5);
    expect(await plane.abort(by(sequence))).toMatchObject({ kind: "changed" });
    expect(await plane.since([], REPORT)).toMatchObject({ live: { version: 1 }, canary: undefined });
  });
});

it("rolls back under a higher sequence, down to the bundled configuration", async () => {
  const plane = fresh();
  await published(plane, "one");
  const second = await published(plane, "two");
  expect(await plane.rollback(by(second))).toMatchObject({ kind: "changed", change: { version: 1, sequence: second + 1 } });
  await evictDurableObject(plane);
  expect(await plane.since([], REPORT)).toMatchObject({ sequence: second + 1, live: { version: 1 } });
  expect(await plane.rollback(by(second))).toMatchObject({ kind: "conflict", winner: { kind: "rollback" } });
  expect(await plane.rollback(by(second + 1))).toMatchObject({ change: { version: 0 } });
  expect(await plane.since([], REPORT)).toMatchObject({ live: undefined, snapshots: [] });
});

it("stores 50 versions, and drops what they do not need", async () => {
  const plane = fresh();
  for (let n = 0; n < 54; n++) await published(plane, `version ${n}`);
  await evictDurableObject(plane);
  expect((await plane.versions()).map(({ version }) => version)).toEqual(Array.from({ length: 50 }, (_, n) => n + 5));
  expect(await plane.version(4)).toBeUndefined();
  await runInDurableObject(plane, (_, state) => {
    const count = (table: string) => state.storage.sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`).one().n;
    expect([count("versions"), count("chunks"), count("parts"), count("changes")]).toEqual([50, 50, 50, 54]);
  });
});

it("shows what isolates run, as relays have reported it", async () => {
  const plane = fresh();
  await plane.since([], REPORT);
  await plane.since([], {
    ...REPORT,
    relay: "enam/relay-1",
    isolates: { a: 3 },
    fallenBack: 3,
    refused: [{ digest: "b", reason: "no layer", isolates: 3 }],
  });
  expect((await plane.status()).fleet).toEqual({
    regions: { weur: { isolates: { bundled: 2 }, canaries: {} }, enam: { isolates: { a: 3 }, canaries: {} } },
    refused: [{ digest: "b", reason: "no layer", isolates: 3 }],
    fallenBack: 3,
    relays: 2,
  });
});
