// CacheService, which purges cached responses: checks the token and the request, then appends to the purge log.
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, createServiceImplSpec, type ServiceImpl } from "@connectrpc/connect";
import { MAX_PURGE_TARGETS, purgeTargetProblem } from "../../../core/cache/purge/purge-log.ts";
import type { PurgeTarget } from "../../../core/cache/purge/purges.ts";
import type { RoutePolicy } from "../../../core/config/route.ts";
import { CacheService, type PurgeTarget as PurgeTargetMessage } from "../../../protos/gen/tidegate/cache/v1/cache_pb.ts";
import { logEvent } from "../../log.ts";
import type { PurgeView } from "../cache/purge/purge-view.ts";
import type { ServedMethod } from "../upstream/upstream.ts";
import { requireBearer } from "./bearer.ts";
import { served } from "./served.ts";

/**
 * The methods of CacheService.
 *
 * @param token the secret behind `purge.tokenBinding`
 */
export function purgeMethods(view: PurgeView, token: string, policy: RoutePolicy): ReadonlyMap<DescMethod, ServedMethod> {
  return served("cache", [createServiceImplSpec<typeof CacheService>(CacheService, cacheService(view, token))], policy);
}

function cacheService(view: PurgeView, token: string): ServiceImpl<typeof CacheService> {
  return {
    async purge({ targets, hard }, { requestHeader }) {
      requireBearer(requestHeader, token, "cache");
      const seq = await append(view, targetsOf(targets), hard);
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

/** @throws ConnectError `invalid_argument` with the first ten problems */
function targetsOf(messages: readonly PurgeTargetMessage[]): PurgeTarget[] {
  const targets: PurgeTarget[] = [];
  const problems: string[] = [];
  for (const [index, message] of messages.entries()) {
    const target = targetOf(message);
    const problem = target === undefined ? "write one of key, tag, route, all: true" : purgeTargetProblem(target);
    if (problem !== undefined) problems.push(`targets[${index}]: ${problem}`);
    else if (target !== undefined) targets.push(target);
  }
  if (messages.length < 1 || messages.length > MAX_PURGE_TARGETS) problems.push(`targets: write 1 to ${MAX_PURGE_TARGETS} targets`);
  if (problems.length > 0) throw new ConnectError(problems.slice(0, 10).join("; "), Code.InvalidArgument);
  return targets;
}

function targetOf({ target }: PurgeTargetMessage): PurgeTarget | undefined {
  if (target.case === undefined || target.value === false) return undefined;
  return target.case === "all" ? { kind: "all", value: "" } : { kind: target.case, value: target.value };
}
