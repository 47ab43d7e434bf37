// AdminService: the audit of the admin services, and who the caller is.
import type { DescMethod } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createServiceImplSpec, type ServiceImpl } from "@connectrpc/connect";
import type { AuditLog } from "../../../durable-objects/audit-log.ts";
import { AdminService, AuditOutcome } from "../../../protos/gen/tidegate/admin/v1/admin_pb.ts";
import { logEvent } from "../../log.ts";
import { callerOf } from "../../service.ts";
import type { AdminAccess } from "../layers/admin-access.ts";
import type { ServedMethod } from "../upstream/upstream.ts";
import { auditLogOf } from "./audit-log.ts";
import { servedToAdmins } from "./served.ts";

const DEFAULT_PAGE = 50; // events
const MAX_PAGE = 200; // events

/** The methods of AdminService. */
export function auditMethods(logs: DurableObjectNamespace<AuditLog>, access: AdminAccess): ReadonlyMap<DescMethod, ServedMethod> {
  return servedToAdmins("admin", createServiceImplSpec<typeof AdminService>(AdminService, auditService(logs)), access);
}

function auditService(logs: DurableObjectNamespace<AuditLog>): ServiceImpl<typeof AdminService> {
  return {
    async listAuditEvents({ outcome, pageSize, pageToken }) {
      if (pageSize < 0) throw new ConnectError("page_size: write 0 or more", Code.InvalidArgument);
      if (!/^\d{0,15}$/.test(pageToken)) throw new ConnectError("page_token: write next_page_token of a page", Code.InvalidArgument);
      const limit = pageSize === 0 ? DEFAULT_PAGE : Math.min(pageSize, MAX_PAGE);
      const before = pageToken === "" ? Number.POSITIVE_INFINITY : Number(pageToken);
      const events = await listed(logs, outcome === AuditOutcome.DENIED ? "denied" : "changed", before, limit);
      return {
        events: events.map(({ at, identity, role, route, subject, address, requestId }) => {
          return { time: timestampFromMs(at), identity, role, route, subject, address, requestId };
        }),
        nextPageToken: events.length < limit ? "" : String(events.at(-1)!.seq),
      };
    },
    getCaller(_, context) {
      const caller = callerOf(context);
      return { identity: caller?.id ?? "", role: String(caller?.claims["role"] ?? "") };
    },
  };
}

/** @throws ConnectError `unavailable` where the log cannot be read */
async function listed(logs: DurableObjectNamespace<AuditLog>, ...query: Parameters<AuditLog["list"]>) {
  try {
    return await auditLogOf(logs).list(...query);
  } catch (error) {
    logEvent("audit_failed", { route: "", identity: "", error });
    throw new ConnectError("the audit log cannot be read; try again", Code.Unavailable);
  }
}
