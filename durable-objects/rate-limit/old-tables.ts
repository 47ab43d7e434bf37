// Takes over what version 0.1 has stored, where its class was transferred: every bucket starts with at most what it had, and its leases live on.
import { isShort, storedFullAt } from "../../core/rate-limit/storage/stored-bucket.ts";
import { type BucketLimit, fillTimeMs } from "../../core/rate-limit/token-bucket.ts";

export const LEASED_PREFIX = "~"; // starts the names of leased buckets, which share the table with exact ones

const OLD_TABLES = ["leased_buckets", "leases", "pools", "loans", "moved"];
const LAST_LEASE_MS = 7_850; // the longest lifetime of a lease of version 0.1, and its guard
const LAST_DEBT_MS = 10_000; // in which a bucket without a row has repaid its debt

/**
 * Exact buckets stay in the table `buckets`, which is the same.
 *
 * @returns the first marker: how many rows there are, and until when a bucket without a row may be empty
 */
export function upgradeOldTables(sql: SqlStorage, now: number): { readonly until?: number; readonly rows: number } {
  const query = `SELECT name FROM sqlite_master WHERE type = 'table' AND name IN (${OLD_TABLES.map((name) => `'${name}'`).join()})`;
  const tables = sql.exec<{ name: string }>(query).toArray();
  if (tables.length === 0) return { rows: 0 };
  const lentUntil = now + LAST_LEASE_MS;
  for (const { name } of tables) {
    if (name === "leased_buckets" || name === "pools") copyLeased(sql, name, lentUntil);
    if (name === "moved") emptyMoved(sql, now);
  }
  for (const { name } of tables) sql.exec(`DROP TABLE ${name}`);
  const { rows } = sql.exec<{ rows: number }>("SELECT COUNT(*) AS rows FROM buckets").one();
  return { until: lentUntil + LAST_DEBT_MS, rows };
}

function copyLeased(sql: SqlStorage, table: string, at: number): void {
  for (const { key, tokens } of sql.exec<{ key: string; tokens: number }>(`SELECT key, tokens FROM ${table}`).toArray()) {
    const limit = limitOf(key);
    if (limit === undefined || isShort(limit)) continue;
    const credit = Math.floor(tokens * limit.intervalMs);
    insert(sql, LEASED_PREFIX + key, credit, at, storedFullAt({ credit, at }, limit));
  }
}

/** Hot keys had moved to Durable Objects of their own: what is left of their buckets is not known here. */
function emptyMoved(sql: SqlStorage, now: number): void {
  for (const { key } of sql.exec<{ key: string }>("SELECT key FROM moved").toArray()) {
    const limit = limitOf(key);
    if (limit !== undefined) insert(sql, key, 0, now, now + fillTimeMs(limit));
  }
}

function insert(sql: SqlStorage, ...row: readonly [key: string, credit: number, touched: number, expires: number]): void {
  sql.exec("INSERT OR REPLACE INTO buckets VALUES (?, ?, ?, ?)", ...row);
}

/** @param key as `bucketKey` makes it */
function limitOf(key: string): BucketLimit | undefined {
  const [, capacity, rate, intervalMs] = /^(\d+)\/(\d+)\/(\d+)\//.exec(key) ?? [];
  return capacity === undefined ? undefined : { capacity: Number(capacity), rate: Number(rate), intervalMs: Number(intervalMs) };
}
