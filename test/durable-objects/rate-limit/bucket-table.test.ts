// The table of exact buckets: rows for buckets, and which of them are dropped.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { BucketTable } from "../../../durable-objects/rate-limit/bucket-table.ts";

const NOW = 1_000;
let names = 0;
const withSql = (act: (sql: SqlStorage) => void): Promise<void> =>
  runInDurableObject(env.TOKEN_BUCKET.getByName(`bucket-table-${names++}`), (_, { storage }) => act(storage.sql));
const bucket = (credit: number) => ({ credit, touchedAt: NOW });

it("loads what it has stored, also as a new table over the same rows", () =>
  withSql((sql) => {
    const table = new BucketTable(sql, 10);
    expect(table.load("a")).toBeUndefined();
    table.store("a", bucket(5), NOW + 1, NOW);
    table.store("a", bucket(4), NOW + 2, NOW);
    table.store("b", bucket(-3), NOW + 3, NOW);
    expect(table.size).toBe(2);
    const again = new BucketTable(sql, 10);
    expect([again.size, again.load("a"), again.load("b")]).toEqual([2, bucket(4), bucket(-3)]);
  }));

it("drops one bucket, or all that have expired", () =>
  withSql((sql) => {
    const table = new BucketTable(sql, 10);
    for (const [index, key] of ["a", "b", "c"].entries()) table.store(key, bucket(1), NOW + index, NOW);
    table.dropExpired(NOW);
    expect([table.size, table.load("a"), table.load("b")]).toEqual([2, undefined, bucket(1)]);
    table.drop("b");
    expect([table.size, table.load("b"), table.load("c")]).toEqual([1, undefined, bucket(1)]);
  }));

it("drops expired buckets to make room, and otherwise a tenth of all, nearest to full first", () =>
  withSql((sql) => {
    const table = new BucketTable(sql, 20);
    for (let index = 0; index < 20; index++) table.store(`${index}`, bucket(1), NOW + 100 - index, NOW);
    table.store("new", bucket(1), NOW + 1_000, NOW);
    expect([table.size, table.load("19"), table.load("18"), table.load("17")]).toEqual([19, undefined, undefined, bucket(1)]);
    table.store("next", bucket(1), NOW + 1_000, NOW);
    expect(table.size).toBe(20);
    table.store("late", bucket(1), NOW + 1_000, NOW + 90); // 8 of them have expired
    expect([table.size, table.load("10"), table.load("9"), table.load("late")]).toEqual([13, undefined, bucket(1), bucket(1)]);
  }));
