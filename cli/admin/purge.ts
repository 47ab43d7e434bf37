// `npm run purge`: removes stored responses from the cache of the gateway, by tag, route or key, or all of them.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { CacheService, type PurgeTargetSchema } from "../../protos/gen/tidegate/cache/v1/cache_pb.ts";
import { parseCommand } from "../command.ts";
import { adminToken, DEFAULT_GATEWAY, gatewayClient, problemOf } from "./gateway-client.ts";

const { values } = parseCommand("purge", {
  tag: { type: "string", multiple: true, default: [] },
  route: { type: "string", multiple: true, default: [] },
  key: { type: "string", multiple: true, default: [] },
  all: { type: "boolean", default: false },
  hard: { type: "boolean", default: false },
  gateway: { type: "string", default: DEFAULT_GATEWAY },
});
const token = adminToken("CACHE_TOKEN", stop);
const targets = targetsOf();
if (targets.length === 0) stop("found no target; write --tag, --route, --key or --all (`npm run purge -- --help`)");

try {
  const { effectiveWithinMs, seq } = await gatewayClient(CacheService, values.gateway, token).purge({ targets, hard: values.hard });
  const mode = values.hard ? "hard" : "soft";
  process.stdout.write(`purged, ${mode}; in effect everywhere within ${effectiveWithinMs / 1_000} s (seq ${seq})\n`);
} catch (error) {
  process.stderr.write(`${problemOf(error, values.gateway)}\n`);
  process.exitCode = 1;
}

function targetsOf(): MessageInitShape<typeof PurgeTargetSchema>[] {
  const { tag, route, key, all } = values;
  return [
    ...tag.map((value) => ({ target: { case: "tag" as const, value } })),
    ...route.map((value) => ({ target: { case: "route" as const, value } })),
    ...key.map((value) => ({ target: { case: "key" as const, value } })),
    ...(all ? [{ target: { case: "all" as const, value: true } }] : []),
  ];
}

function stop(problem: string): never {
  process.stderr.write(`${problem}\n`);
  process.exit(2);
}
