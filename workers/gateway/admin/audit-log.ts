// The object that has the audit and the traces of this gateway.
import type { AuditLog } from "../../../durable-objects/audit-log.ts";

const NAME = "admin";

export function auditLogOf(logs: DurableObjectNamespace<AuditLog>): DurableObjectStub<AuditLog> {
  return logs.getByName(NAME);
}
