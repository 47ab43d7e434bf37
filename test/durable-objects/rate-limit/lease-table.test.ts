// The tables of leased buckets: what a restart finds, in any number of rows.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { LeaseRequest } from "../../../core/rate-limit/lease-messages.ts";
import { grantLease, type LeasedBucket } from "../../../core/rate-limit/leased-bucket.ts";
import { LeaseTable } from "../../../durable-objects/rate-limit/lease-table.ts";

const NOW = 1_000_000;
const limit = { capacity: 1_000, rate: 100, intervalMs: 1_000 };
let names = 0;
const withSql = (act: (sql: SqlStorage) => void): Promise<void> =>
  runInDurableObject(env.TOKEN_BUCKET.getByName(`lease-table-${names++}`), (_, { storage }) => act(storage.sql));
const granted = (isolate: string, known?: LeasedBucket): LeasedBucket => {
  const demand = { demandPerMs: 0.05, peakDemandPerMs: 0.05, isDemandSteady: true };
  const request: LeaseRequest = { isolate, sequence: 1, appliedSequence: 0, tokensHeld: 0, tokensNeeded: 5, ...demand };
  return grantLease(known, limit, request, NOW, 0)[0];
};

it.each([1, 19, 20, 41])("finds %d buckets after a restart, with the leases of all isolates", (count) =>
  withSql((sql) => {
    const table = new LeaseTable(sql, 100);
    const expected = new Map<string, LeasedBucket>();
    for (let index = 0; index < count; index++) {
      const first = granted("x");
      table.set(`${index}`, first, "x", limit);
      const second = granted("y", first);
      table.set(`${index}`, second, "y", limit);
      expected.set(`${index}`, second);
    }
    table.write();
    const again = new LeaseTable(sql, 100);
    expect(again.size).toBe(count);
    for (const [key, bucket] of expected) expect(again.get(key)).toEqual(bucket);
  }),
);

it("stores nothing before `write`", () =>
  withSql((sql) => {
    const table = new LeaseTable(sql, 100);
    table.set("a", granted("x"), "x", limit);
    expect(new LeaseTable(sql, 100).size).toBe(0);
    table.write();
    table.write(); // nothing has changed since
    expect(new LeaseTable(sql, 100).size).toBe(1);
  }));

it("has room for a known key, and for new ones up to its bound", () =>
  withSql((sql) => {
    const table = new LeaseTable(sql, 1);
    expect(table.hasRoomFor("a")).toBe(true);
    table.set("a", granted("x"), "x", limit);
    expect([table.hasRoomFor("a"), table.hasRoomFor("b")]).toEqual([true, false]);
  }));

it("drops a bucket when it is full and lends nothing, and its leases when they have ended", () =>
  withSql((sql) => {
    const table = new LeaseTable(sql, 100);
    const expiresAt = table.set("a", granted("x"), "x", limit);
    table.write();
    const rows = (name: string) => sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${name}`).one().n;
    table.dropExpired(expiresAt - 1);
    expect([table.size, rows("leased_buckets"), rows("leases")]).toEqual([1, 1, 0]);
    table.dropExpired(expiresAt);
    expect([table.size, table.get("a"), rows("leased_buckets")]).toEqual([0, undefined, 0]);
  }));
