// The rows of buckets and the boot marker: what a restart finds, and what alarms delete.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { BucketTable } from "../../../durable-objects/rate-limit/bucket-table.ts";

const NOW = Date.UTC(2040, 0, 1); // an alarm in the past would be set to the real time
const MINUTE = 60_000;
let names = 0;
const withStorage = (act: (storage: DurableObjectStorage) => void | Promise<void>): Promise<void> =>
  runInDurableObject(env.TOKEN_BUCKET.getByName(`bucket-table-${names++}`), async (_, { storage }) => {
    await storage.deleteAll(); // what the object itself has made
    await act(storage);
  });
const row = (credit: number) => ({ credit, at: NOW });
const keys = (storage: DurableObjectStorage): string[] =>
  storage.sql
    .exec<{ key: string }>("SELECT key FROM buckets ORDER BY key")
    .toArray()
    .map(({ key }) => key);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOW }));
afterEach(() => void vi.useRealTimers());

it("loads what it has stored, also as a new table over the same rows", () =>
  withStorage((storage) => {
    const table = new BucketTable(storage, 10, NOW);
    expect(table.load("a")).toBeUndefined();
    table.store("a", row(5), NOW + 1);
    table.store("a", row(4), NOW + 2);
    table.store("b", row(-3), NOW + 3);
    table.marker.cover(NOW + 500, NOW);
    const again = new BucketTable(storage, 10, NOW);
    expect([again.load("a"), again.load("b"), again.size, again.marker.previousEnd(600)]).toEqual([row(4), row(-3), 2, NOW + 500]);
  }));

it("has an alarm while there are rows, a minute after the first one and after each sweep, and none without", () =>
  withStorage(async (storage) => {
    const table = new BucketTable(storage, 10, NOW);
    expect(await storage.getAlarm()).toBeNull();
    table.store("a", row(1), NOW + 1);
    table.store("b", row(1), NOW + 5 * MINUTE);
    expect(await storage.getAlarm()).toBe(NOW + MINUTE);
    await storage.deleteAlarm();
    table.sweep(NOW + MINUTE);
    expect(keys(storage)).toEqual(["b"]);
    expect(await storage.getAlarm()).toBe(NOW + 5 * MINUTE); // nothing to do before
    await storage.deleteAlarm();
    const restarted = new BucketTable(storage, 10, NOW);
    restarted.sweep(NOW + 5 * MINUTE);
    expect([keys(storage), restarted.size, await storage.getAlarm()]).toEqual([[], 0, null]);
    new BucketTable(storage, 10, NOW).store("c", row(1), NOW);
    expect(await storage.getAlarm()).toBe(NOW + MINUTE);
  }));

it("reads at most 2,000 rows in one sweep, and knows how many there are after a round", () =>
  withStorage(async (storage) => {
    const table = new BucketTable(storage, 10_000, NOW);
    const name = (index: number) => String(index).padStart(5, "0");
    for (let index = 0; index < 4_500; index++) table.store(name(index), row(1), index % 3 === 0 ? NOW : NOW + 90 * MINUTE);
    const restarted = new BucketTable(storage, 10_000, NOW); // it counts one row: the marker was written with the first one
    expect(restarted.size).toBe(1);
    for (const left of [4_500 - 667, 4_500 - 1_334, 3_000]) {
      restarted.sweep(NOW + MINUTE);
      expect(keys(storage)).toHaveLength(left);
      expect(await storage.getAlarm()).toBe(NOW + 2 * MINUTE);
    }
    expect(restarted.size).toBe(3_000);
  }));

it("has room up to its bound, and for 600 new rows a minute", () =>
  withStorage((storage) => {
    const small = new BucketTable(storage, 2, NOW);
    small.store("a", row(1), NOW);
    expect(small.hasRoom(NOW)).toBe(true);
    small.store("b", row(1), NOW);
    expect(small.hasRoom(NOW + MINUTE)).toBe(false);
    const large = new BucketTable(storage, 10_000, NOW);
    for (let index = 0; index < 600; index++) large.store(`c${index}`, row(1), NOW);
    expect([large.hasRoom(NOW), large.hasRoom(NOW + MINUTE)]).toEqual([false, true]);
  }));
