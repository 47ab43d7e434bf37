// `tidegate audit`: lists what has been changed through the admin services, by whom, and which calls were denied.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { AdminService, type AuditEvent, AuditOutcome } from "../../protos/gen/tidegate/admin/v1/admin_pb.ts";
import type { Context } from "../tidegate/context.ts";
import { tableText } from "../tidegate/table.ts";
import { adminToken, callFailure, gatewayClient } from "./gateway-client.ts";

export interface AuditOptions {
  readonly denied: boolean; // calls that were denied, in the place of changes
  readonly limit: number; // events, the latest first
  readonly gateway: string;
}

const PAGE = 200; // the most that the gateway returns at once

export async function audit(context: Context, { denied, limit, gateway }: AuditOptions): Promise<void> {
  const client = gatewayClient(AdminService, gateway, adminToken(context.env));
  const outcome = denied ? AuditOutcome.DENIED : AuditOutcome.CHANGED;
  const events: AuditEvent[] = [];
  try {
    for (let pageToken = ""; events.length < limit; ) {
      const page = await client.listAuditEvents({ outcome, pageSize: Math.min(PAGE, limit - events.length), pageToken });
      events.push(...page.events);
      pageToken = page.nextPageToken;
      if (pageToken === "") break;
    }
  } catch (error) {
    throw callFailure(error, gateway, "one of registry, breakers, cache or auth.keys");
  }
  context.print(events.map(objectOf), tableText(events.map(rowOf)));
}

function objectOf(event: AuditEvent) {
  const { identity, role, route, subject, address, requestId } = event;
  return { time: timeOf(event), identity, role, route, subject, address, requestId };
}

function rowOf(event: AuditEvent): string[] {
  return [timeOf(event), event.identity, event.role || "-", event.route, event.subject || "-", event.address];
}

function timeOf({ time }: AuditEvent): string {
  return time === undefined ? "" : timestampDate(time).toISOString();
}
