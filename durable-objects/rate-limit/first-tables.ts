// Reads the tables in which the first version stored leased buckets, and removes them.
import type { LeaseRecord } from "../../core/rate-limit/leased-bucket.ts";

interface FirstShare {
  readonly perMs: number;
  readonly capacity: number;
  readonly until: number;
}

interface FirstLoan {
  readonly turn: number;
  readonly demand: number;
  readonly seenUntil: number;
  readonly now: FirstShare;
  readonly before: FirstShare;
}

/** Has to be called when the tables of `LeaseTable` exist, and before they are read. */
export function upgradeFirstTables(sql: SqlStorage): void {
  const tables = "SELECT COUNT(*) AS n FROM sqlite_master WHERE type = 'table' AND name IN ('pools', 'loans')";
  if (sql.exec<{ n: number }>(tables).one().n < 2) return;
  sql.exec("INSERT OR REPLACE INTO leased_buckets SELECT key, tokens, at, pace, expires FROM pools");
  const loans = sql.exec<{ key: string; isolate: string; loan: string; gone: number }>("SELECT key, isolate, loan, gone FROM loans");
  for (const { key, isolate, loan, gone } of loans.toArray()) {
    const lease = JSON.stringify(leaseOf(JSON.parse(loan) as FirstLoan));
    sql.exec("INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?)", key, isolate, lease, gone);
  }
  sql.exec("DROP TABLE pools");
  sql.exec("DROP TABLE loans");
}

function leaseOf({ turn, demand, seenUntil, now, before }: FirstLoan): LeaseRecord {
  return { sequence: turn, demandPerMs: demand, activeUntil: seenUntil, current: shareOf(now), previous: shareOf(before) };
}

function shareOf({ perMs, capacity, until }: FirstShare): LeaseRecord["current"] {
  return { ratePerMs: perMs, capacity, expiresAt: until };
}
