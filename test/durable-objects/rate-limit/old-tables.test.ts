// What version 0.1 has stored is taken over: no bucket starts with more than it had.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { TokenBuckets } from "../../../durable-objects/token-buckets.ts";

const NOW = Date.UTC(2026, 0, 1);
const HOUR = { capacity: 1_000, rate: 1_000, intervalMs: 3_600_000 };
const SHORT = { capacity: 10, rate: 10, intervalMs: 1_000 };
const HOUR_KEY = "1000/1000/3600000/a";
const bounds = { maxBuckets: 10, maxLeasedBuckets: 10, maxRows: 10 };
const restarted = (fill: (sql: SqlStorage) => void, check: (object: TokenBuckets, sql: SqlStorage) => void): Promise<void> =>
  runInDurableObject(env.TOKEN_BUCKET.getByName(`old-tables-${crypto.randomUUID()}`), async (_, state) => {
    await state.storage.deleteAll();
    const { sql } = state.storage;
    sql.exec("CREATE TABLE buckets (key TEXT PRIMARY KEY, credit INTEGER, touched INTEGER, expires INTEGER) WITHOUT ROWID");
    fill(sql);
    check(new TokenBuckets(state, env, bounds), sql);
    const old = "SELECT name FROM sqlite_master WHERE name IN ('leased_buckets', 'leases', 'pools', 'loans', 'moved')";
    expect(sql.exec(old).toArray()).toEqual([]);
  });
const request = (tokensNeeded: number) => ({
  ...{ isolate: "z", sequence: 1, appliedSequence: 0, tokensHeld: 0, tokensNeeded },
  ...{ demandPerMs: 0, peakDemandPerMs: 0, isDemandSteady: false },
});

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOW }));
afterEach(() => void vi.useRealTimers());

it("goes on with exact buckets and leased pools, without their leases until those have ended", () =>
  restarted(
    (sql) => {
      sql.exec(
        "CREATE TABLE leased_buckets (key TEXT PRIMARY KEY, tokens REAL, updated REAL, period_factor REAL, expires INTEGER) WITHOUT ROWID",
      );
      sql.exec("CREATE TABLE leases (key TEXT, isolate TEXT, lease TEXT, expires INTEGER, PRIMARY KEY (key, isolate)) WITHOUT ROWID");
      sql.exec("INSERT INTO leased_buckets VALUES (?, 300.5, ?, 1, ?)", HOUR_KEY, NOW, NOW + 3_600_000);
      sql.exec("INSERT INTO leased_buckets VALUES ('10/10/1000/a', 10, ?, 1, ?)", NOW, NOW + 1_000);
      sql.exec("INSERT INTO buckets VALUES (?, ?, ?, ?)", HOUR_KEY, 40 * HOUR.intervalMs, NOW, NOW + 3_600_000);
    },
    (object) => {
      const lend = (tokens: number, limit: typeof HOUR) => object.grantLeases([{ key: "a", limit, request: request(tokens) }])[0]!.tokens;
      expect(object.take([{ key: "a", limit: HOUR, cost: 41 }])[0]?.kind).toBe("refused");
      expect(object.take([{ key: "a", limit: HOUR, cost: 40 }])[0]?.kind).toBe("allowed");
      expect(lend(301, HOUR)).toBe(0);
      expect(lend(1, SHORT)).toBe(0); // it may be lent, so it starts empty
      vi.setSystemTime(NOW + 30_000);
      expect(object.grantLeases([{ key: "a", limit: SHORT, request: { ...request(10), sequence: 2 } }])[0]!.tokens).toBe(10);
      expect(object.grantLeases([{ key: "a", limit: HOUR, request: { ...request(300), sequence: 2 } }])[0]!.tokens).toBe(300);
    },
  ));

it("reads the tables of the first releases, and starts keys that had moved away with nothing", () =>
  restarted(
    (sql) => {
      sql.exec("CREATE TABLE pools (key TEXT PRIMARY KEY, tokens REAL, at REAL, pace REAL, expires INTEGER) WITHOUT ROWID");
      sql.exec("CREATE TABLE loans (key TEXT, isolate TEXT, loan TEXT, gone INTEGER, PRIMARY KEY (key, isolate)) WITHOUT ROWID");
      sql.exec("CREATE TABLE moved (key TEXT PRIMARY KEY, credit INTEGER, generation INTEGER, expires INTEGER) WITHOUT ROWID");
      sql.exec("INSERT INTO pools VALUES (?, 20, ?, 1, ?)", HOUR_KEY, NOW, NOW + 3_600_000);
      sql.exec("INSERT INTO moved VALUES (?, 5, 1, ?)", HOUR_KEY, NOW + 4_000_000);
    },
    (object) => {
      expect(object.grantLeases([{ key: "a", limit: HOUR, request: request(21) }])[0]!.tokens).toBe(0);
      expect(object.take([{ key: "a", limit: HOUR, cost: 1 }])[0]).toMatchObject({ kind: "refused", retryAfterMs: 3_600 });
    },
  ));

it("changes nothing where there are no such tables", () =>
  restarted(
    () => undefined,
    (object) => expect(object.take([{ key: "a", limit: HOUR, cost: 1_000 }])[0]?.kind).toBe("allowed"),
  ));
