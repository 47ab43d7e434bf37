// The traces of this isolate: the latest calls, for a minute. They belong to no version of the configuration.
import { Lru } from "../../../core/cache/store/lru.ts";
import { TRACE_BOUNDS } from "../../../core/explain/trace-record.ts";
import type { AuditLog } from "../../../durable-objects/audit-log.ts";
import { logEvent } from "../../log.ts";
import { auditLogOf } from "../admin/audit-log.ts";

const { maxIsolateBytes: maxBytes, maxIsolateRecords: maxEntries, lifetimeMs } = TRACE_BOUNDS;
const CHARACTER_BYTES = 2;

const traces = new Lru<string>({ maxBytes, maxEntries });

/** Stores a trace in the isolate, and for the other isolates. Never rejects. @param logs undefined where AUDIT_LOG is not bound */
export async function storeTrace(requestId: string, text: string, logs: DurableObjectNamespace<AuditLog> | undefined): Promise<void> {
  const now = Date.now();
  traces.set(requestId, text, CHARACTER_BYTES * text.length, now + lifetimeMs, now);
  if (logs === undefined) return;
  try {
    await auditLogOf(logs).storeTrace(requestId, text);
  } catch (error) {
    logEvent("trace_failed", { requestId, error });
  }
}

/** @returns the trace as `storeTrace` got it; undefined where it is not there, or no longer @throws where the log cannot be read */
export async function findTrace(requestId: string, logs: DurableObjectNamespace<AuditLog>): Promise<string | undefined> {
  return traces.get(requestId, Date.now()) ?? (await auditLogOf(logs).findTrace(requestId));
}
