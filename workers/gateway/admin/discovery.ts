// The gateway's own word on what can be called through it: reflection and health, served in the process as an upstream like any other.
import type { DescMethod } from "@bufbuild/protobuf";
import type { RoutePolicy } from "../../../core/config/route.ts";
import { discovery } from "../../discovery/discovery.ts";
import type { Status } from "../../discovery/health.ts";
import { defineServices } from "../../service.ts";
import { fixedUpstream, type ServedMethod } from "../upstream/upstream.ts";

/**
 * The endpoints of reflection and health, to be served beside the configured ones: every layer acts on them as on any other.
 * A discovery service that an operator has listed is not ours: it goes where the configuration says.
 *
 * @param endpoints what is configured. Whoever may ask sees the files of these services, whole, and all that they import.
 * @param policy    for the calls of discovery: what `defaults` says
 * @param statusOf  of a service behind the gateway, by its full name, or of "", the gateway itself
 */
export function discoveryMethods(
  endpoints: ReadonlyMap<DescMethod, ServedMethod>,
  policy: RoutePolicy,
  statusOf: (service: string) => Status | Promise<Status> = () => "serving",
): ReadonlyMap<DescMethod, ServedMethod> {
  const served = [...new Set([...endpoints.keys()].map(({ parent }) => parent))];
  const own = discovery(served, statusOf);
  const worker = defineServices(() => own, { discovery: false, readMaxBytes: policy.maxBodyBytes });
  const env = {};
  const upstream = fixedUpstream("discovery", {
    base: "https://discovery.internal",
    fetch: (url, init) => worker.fetch(new Request(url, init), env),
  });
  return new Map(own.flatMap(({ service }) => service.methods.map((method) => [method, { policy, upstream }] as const)));
}
