// `tidegate purge`: removes stored responses from the cache of the gateway, by tag, route or key, or all of them.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { CacheService, type PurgeTargetSchema } from "../../protos/gen/tidegate/cache/v1/cache_pb.ts";
import type { Context } from "../tidegate/context.ts";
import { wrongUsage } from "../tidegate/failure.ts";
import { adminToken, callFailure, gatewayClient } from "./gateway-client.ts";

export interface PurgeOptions {
  readonly tag?: readonly string[] | undefined;
  readonly route?: readonly string[] | undefined;
  readonly key?: readonly string[] | undefined;
  readonly all: boolean;
  readonly hard: boolean; // not revalidated first
  readonly gateway: string;
}

export async function purge(context: Context, options: PurgeOptions): Promise<void> {
  const token = adminToken(context.env, "CACHE_TOKEN");
  const targets = targetsOf(options);
  if (targets.length === 0) throw wrongUsage("found no target", "purge", "write --tag, --route, --key or --all");
  const client = gatewayClient(CacheService, options.gateway, token);
  try {
    const { effectiveWithinMs, seq } = await client.purge({ targets, hard: options.hard });
    const mode = options.hard ? "hard" : "soft";
    context.print(
      { seq, mode, effectiveWithinMs },
      `purged, ${mode}; in effect everywhere within ${effectiveWithinMs / 1_000} s (seq ${seq})\n`,
    );
  } catch (error) {
    throw callFailure(error, options.gateway, "cache: {}");
  }
}

function targetsOf({ tag = [], route = [], key = [], all }: PurgeOptions): MessageInitShape<typeof PurgeTargetSchema>[] {
  return [
    ...tag.map((value) => ({ target: { case: "tag" as const, value } })),
    ...route.map((value) => ({ target: { case: "route" as const, value } })),
    ...key.map((value) => ({ target: { case: "key" as const, value } })),
    ...(all ? [{ target: { case: "all" as const, value: true } }] : []),
  ];
}
