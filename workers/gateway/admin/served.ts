// The gateway's own services: each runs in this process and is called through the same pipeline as the configured services.
import type { DescMethod } from "@bufbuild/protobuf";
import type { ServiceImplSpec } from "@connectrpc/connect";
import type { RoutePolicy } from "../../../core/config/route.ts";
import { defineServices } from "../../service.ts";
import { fixedUpstream } from "../upstream/fixed-upstream.ts";
import type { ServedMethod } from "../upstream/upstream.ts";

/**
 * The methods of some of the gateway's own services, to be routed beside the configured ones.
 *
 * @param name   of the upstream, as messages and logs show it
 * @param policy for calls of these methods: the `defaults` of the configuration
 */
export function served(name: string, services: readonly ServiceImplSpec[], policy: RoutePolicy): ReadonlyMap<DescMethod, ServedMethod> {
  const worker = defineServices(() => services, { discovery: false, readMaxBytes: policy.maxBodyBytes });
  const env = {}; // one object for all calls: the host builds its services once for each `env`
  const upstream = fixedUpstream(name, {
    base: `https://${name}.internal`,
    fetch: (url, init) => worker.fetch(new Request(url, init), env),
  });
  return new Map(services.flatMap(({ service }) => service.methods.map((method) => [method, { policy, upstream }] as const)));
}
