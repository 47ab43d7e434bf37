// Traces of calls in the AuditLog: found for a minute, bounded in number, and gone by themselves.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { TRACE_BOUNDS } from "../../core/explain/trace-record.ts";

let logs = 0;
const newLog = () => env.AUDIT_LOG.getByName(`traces-${logs++}-${crypto.randomUUID()}`);
const countOf = (log: ReturnType<typeof newLog>) =>
  runInDurableObject(log, (_, { storage }) => Number(storage.sql.exec("SELECT COUNT(*) AS n FROM traces").one()["n"]));

it("finds a trace by its id, the latest one", async () => {
  const log = newLog();
  await log.storeTrace("a", "first");
  await log.storeTrace("a", "second");
  expect([await log.findTrace("a"), await log.findTrace("b")]).toEqual(["second", undefined]);
});

it("stores no more than its bound, and no longer text", async () => {
  const log = newLog();
  for (let n = 0; n < TRACE_BOUNDS.maxStoredRecords + 5; n++) await log.storeTrace(`id-${n}`, "text");
  expect(await countOf(log)).toBe(TRACE_BOUNDS.maxStoredRecords);
  await log.storeTrace("long", "x".repeat(TRACE_BOUNDS.maxRecordBytes + 1));
  expect(await log.findTrace("long")).toHaveLength(TRACE_BOUNDS.maxRecordBytes);
});

it("finds no trace of more than a minute, and deletes it", async () => {
  const log = newLog();
  await log.storeTrace("old", "text");
  await runInDurableObject(log, (_, { storage }) => storage.sql.exec("UPDATE traces SET at = at - ?", TRACE_BOUNDS.lifetimeMs).toArray());
  expect(await log.findTrace("old")).toBeUndefined();
  expect(await runDurableObjectAlarm(log)).toBe(true);
  expect(await countOf(log)).toBe(0);
  expect(await runDurableObjectAlarm(log)).toBe(false); // nothing is left to delete
});
