// Records each change that a call of an admin service has made: in the log, and in the audit log that can be listed.
import { type ContextValues, createContextKey, type HandlerContext, type Interceptor } from "@connectrpc/connect";
import type { AuditEvent } from "../../../core/auth/audit-event.ts";
import { addressKey } from "../../../core/ip.ts";
import type { AuditLog } from "../../../durable-objects/audit-log.ts";
import { logEvent } from "../../log.ts";
import { callerOf } from "../../service.ts";
import { auditLogOf } from "./audit-log.ts";

const MAX_SUBJECT = 200; // characters
const MAX_WAIT_MS = 2_000; // longest wait of a call for the audit log

const CHANGE = createContextKey<AuditEvent | undefined>(undefined, { description: "change to be recorded" });

/**
 * Called by a method of an admin service once it has changed something; recorded when the method returns.
 *
 * @param subject what was changed
 */
export function logChange(context: HandlerContext, subject: string): void {
  const { requestHeader, service, method } = context;
  const event: AuditEvent = {
    outcome: "changed",
    identity: callerOf(context)?.id ?? "",
    role: String(callerOf(context)?.claims["role"] ?? ""),
    route: `${service.typeName}/${method.name}`,
    subject: subject.slice(0, MAX_SUBJECT),
    address: addressKey(requestHeader.get("x-forwarded-for")),
    requestId: requestHeader.get("x-request-id") ?? "",
  };
  const { requestId, route, address, identity } = event;
  logEvent("audit_change", { requestId, route, address, identity, subject: event.subject });
  context.values.set(CHANGE, event);
}

/** Stores the changes of a service. @param record never rejects */
export function recording(record: (event: AuditEvent) => Promise<void>): Interceptor {
  return (next) => async (request) => {
    const response = await next(request);
    const event = (request.contextValues as ContextValues).get(CHANGE);
    if (event !== undefined) await record(event);
    return response;
  };
}

/** Stores an event, or logs that it could not: what has been changed stays changed. @param logs undefined where AUDIT_LOG is not bound */
export function recorder(logs: DurableObjectNamespace<AuditLog> | undefined): (event: AuditEvent) => Promise<void> {
  return async (event) => {
    if (logs === undefined) return;
    try {
      const stored = auditLogOf(logs).append(event);
      const isStored = await Promise.race([stored.then(() => true), scheduler.wait(MAX_WAIT_MS)]);
      if (isStored !== true) throw new Error(`no response within ${MAX_WAIT_MS} ms`);
    } catch (error) {
      logEvent("audit_failed", { route: event.route, identity: event.identity, error });
    }
  };
}
