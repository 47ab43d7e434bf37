// Leased buckets that the first version has stored: they are read, and their tables removed.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { LeaseTable } from "../../../durable-objects/rate-limit/lease-table.ts";

const withSql = (name: string, act: (sql: SqlStorage) => void): Promise<void> =>
  runInDurableObject(env.TOKEN_BUCKET.getByName(`first-tables-${name}`), (_, { storage }) => act(storage.sql));

it("reads pools and loans as leased buckets and leases, once", () =>
  withSql("stored", (sql) => {
    sql.exec("CREATE TABLE pools (key TEXT PRIMARY KEY, tokens REAL, at REAL, pace REAL, expires INTEGER) WITHOUT ROWID");
    sql.exec("CREATE TABLE loans (key TEXT, isolate TEXT, loan TEXT, gone INTEGER, PRIMARY KEY (key, isolate)) WITHOUT ROWID");
    const [now, before] = [
      { perMs: 0.1, capacity: 60, until: 9_000 },
      { perMs: 0.2, capacity: 50, until: 8_000 },
    ];
    sql.exec("INSERT INTO pools VALUES ('a', 12.5, 1000, 0.5, 20000)");
    sql.exec("INSERT INTO loans VALUES ('a', 'x', ?, 9500)", JSON.stringify({ turn: 3, demand: 0.05, seenUntil: 9_500, now, before }));
    for (let restarts = 0; restarts < 2; restarts++) {
      const table = new LeaseTable(sql, 10);
      expect(table.size).toBe(1);
      expect(table.get("a")).toEqual({
        tokens: 12.5,
        updatedAt: 1_000,
        periodFactor: 0.5,
        leases: {
          x: {
            sequence: 3,
            demandPerMs: 0.05,
            activeUntil: 9_500,
            current: { ratePerMs: 0.1, capacity: 60, expiresAt: 9_000 },
            previous: { ratePerMs: 0.2, capacity: 50, expiresAt: 8_000 },
          },
        },
      });
    }
    const left = sql.exec("SELECT name FROM sqlite_master WHERE name IN ('pools', 'loans')").toArray();
    expect(left).toEqual([]);
    expect(sql.exec<{ expires: number }>("SELECT expires FROM leases").one().expires).toBe(9_500);
  }));

it("changes nothing where there are no such tables", () =>
  withSql("new", (sql) => {
    expect(new LeaseTable(sql, 10).size).toBe(0);
  }));
