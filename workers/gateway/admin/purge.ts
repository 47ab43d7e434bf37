// The cache as it is purged through the gateway: checks the token and the request, then writes to the log.

import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { MAX_PURGE_TARGETS, purgeTargetProblem } from "../../../core/cache/purge/purge-log.ts";
import type { PurgeTarget } from "../../../core/cache/purge/purges.ts";
import type { RoutePolicy } from "../../../core/config/route.ts";
import { CacheService, type PurgeTarget as PurgeTargetMessage } from "../../../protos/gen/tidegate/cache/v1/cache_pb.ts";
import { logEvent } from "../../log.ts";
import { defineService } from "../../service.ts";
import type { PurgeView } from "../cache/purge/purge-view.ts";
import { fixedUpstream, type ServedMethod } from "../upstream/upstream.ts";
import { bearerOf, isSecret } from "./bearer.ts";

/** The cache's methods, to be served beside the configured ones: every layer acts on them as on any other. */
export function purgeMethods(view: PurgeView, token: string, policy: RoutePolicy): ReadonlyMap<DescMethod, ServedMethod> {
  const worker = defineService(CacheService, () => cache(view, token), { discovery: false, readMaxBytes: policy.maxBodyBytes });
  const env = {};
  const fetch = (url: string, init: RequestInit) => worker.fetch(new Request(url, init), env);
  const upstream = fixedUpstream("cache", { base: "https://cache.internal", fetch });
  return new Map(CacheService.methods.map((method) => [method, { policy, upstream }] as const));
}

function cache(view: PurgeView, token: string): ServiceImpl<typeof CacheService> {
  return {
    async purge({ targets, hard }, { requestHeader }) {
      if (!isSecret(bearerOf(requestHeader), token)) {
        throw new ConnectError("bring the cache's token: Authorization: Bearer ...", Code.Unauthenticated);
      }
      const seq = await written(view, targetsOf(targets), hard);
      return { seq: BigInt(seq), effectiveWithinMs: view.withinMs };
    },
  };
}

/** @throws ConnectError where the log can't be written: then nothing is purged, and the call may be repeated */
async function written(view: PurgeView, targets: readonly PurgeTarget[], hard: boolean): Promise<number> {
  try {
    return await view.purge(targets, hard ? "hard" : "soft");
  } catch (fault) {
    logEvent("purge_failed", { error: fault });
    throw new ConnectError("the log of purges can't be written", Code.Unavailable);
  }
}

/** @throws ConnectError with every problem */
function targetsOf(wanted: readonly PurgeTargetMessage[]): PurgeTarget[] {
  const targets = wanted.map(targetOf);
  const problems = targets.flatMap((target, index) => {
    const problem = target === undefined ? "write one of key, tag, route, all: true" : purgeTargetProblem(target);
    return problem === undefined ? [] : [`targets[${index}]: ${problem}`];
  });
  if (wanted.length < 1 || wanted.length > MAX_PURGE_TARGETS) problems.push(`targets: write 1 to ${MAX_PURGE_TARGETS} of them`);
  if (problems.length > 0) throw new ConnectError(problems.slice(0, 10).join("; "), Code.InvalidArgument);
  return targets as PurgeTarget[];
}

function targetOf({ target }: PurgeTargetMessage): PurgeTarget | undefined {
  if (target.case === undefined || target.value === false) return undefined;
  return target.case === "all" ? { kind: "all", value: "" } : { kind: target.case, value: target.value };
}
