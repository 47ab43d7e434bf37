// CacheService, which purges cached responses: checks the request, then appends to the purge log.
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, createServiceImplSpec, type ServiceImpl } from "@connectrpc/connect";
import { MAX_PURGE_TARGETS, purgeTargetProblem } from "../../../core/cache/purge/purge-log.ts";
import type { PurgeTarget } from "../../../core/cache/purge/purges.ts";
import { ViolationList } from "../../../core/violations/violation-list.ts";
import { CacheService, type PurgeTarget as PurgeTargetMessage } from "../../../protos/gen/tidegate/cache/v1/cache_pb.ts";
import { logEvent } from "../../log.ts";
import type { PurgeView } from "../cache/purge/purge-view.ts";
import type { AdminAccess } from "../layers/admin-access.ts";
import type { ServedMethod } from "../upstream/upstream.ts";
import { logChange } from "./audit.ts";
import { servedToAdmins } from "./served.ts";

/** The methods of CacheService. */
export function purgeMethods(view: PurgeView, access: AdminAccess): ReadonlyMap<DescMethod, ServedMethod> {
  return servedToAdmins("cache", createServiceImplSpec<typeof CacheService>(CacheService, cacheService(view)), access);
}

function cacheService(view: PurgeView): ServiceImpl<typeof CacheService> {
  return {
    async purge({ targets: messages, hard }, context) {
      const targets = targetsOf(messages);
      const seq = await append(view, targets, hard);
      logChange(context, `${hard ? "hard" : "soft"}: ${targets.map(({ kind, value }) => `${kind} ${value}`.trim()).join(", ")}`);
      return { seq: BigInt(seq), effectiveWithinMs: view.withinMs };
    },
  };
}

/** @throws ConnectError `unavailable` if the log cannot be written; nothing is purged then, and the caller may repeat the call */
async function append(view: PurgeView, targets: readonly PurgeTarget[], hard: boolean): Promise<number> {
  try {
    return await view.purge(targets, hard ? "hard" : "soft");
  } catch (error) {
    logEvent("purge_failed", { error });
    throw new ConnectError("the purge log cannot be written; nothing was purged, try again", Code.Unavailable);
  }
}

/** @throws ConnectError `invalid_argument` with the first problem */
function targetsOf(messages: readonly PurgeTargetMessage[]): PurgeTarget[] {
  if (messages.length < 1 || messages.length > MAX_PURGE_TARGETS)
    throw new ConnectError(`targets: write 1 to ${MAX_PURGE_TARGETS} targets`, Code.InvalidArgument);
  const targets: PurgeTarget[] = [];
  const violations = new ViolationList();
  for (const [index, message] of messages.entries()) {
    const target = targetOf(message);
    const problem = target === undefined ? "write one of key, tag, route, all: true" : purgeTargetProblem(target);
    if (problem !== undefined) violations.add(`targets[${index}]`, problem);
    else if (target !== undefined) targets.push(target);
  }
  if (violations.count > 0) throw new ConnectError(violations.describe("targets"), Code.InvalidArgument);
  return targets;
}

function targetOf({ target }: PurgeTargetMessage): PurgeTarget | undefined {
  if (target.case === undefined || target.value === false) return undefined;
  return target.case === "all" ? { kind: "all", value: "" } : { kind: target.case, value: target.value };
}
