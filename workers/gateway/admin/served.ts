// The gateway's own services: each runs in this process and is called through the same pipeline as the configured services.
import type { DescMethod } from "@bufbuild/protobuf";
import type { ServiceImplSpec } from "@connectrpc/connect";
import { CONCURRENCY } from "../../../core/config/overload.ts";
import { DEFAULTS, type RoutePolicy } from "../../../core/config/route.ts";
import { defineServices } from "../../service.ts";
import { type AdminAccess, OWN_NAME } from "../layers/admin-access.ts";
import { fixedUpstream } from "../upstream/fixed-upstream.ts";
import type { ServedMethod } from "../upstream/upstream.ts";
import { recording } from "./audit.ts";

/** An admin service has limits of its own: what callers of the other services do leaves it as it is. Its callers hold its secret. */
const ADMIN_POLICY: RoutePolicy = {
  ...DEFAULTS,
  maxBodyBytes: 262_144, // a purge of 100 keys of 1,024 characters, each in up to 2 bytes
  maxMessageElements: 2_000,
  concurrency: { ...CONCURRENCY, max: 100, floor: undefined, callerShare: 1 },
};

/**
 * The methods of some of the gateway's own services, to be routed beside the configured ones.
 *
 * @param name   of the upstream, as messages and logs show it
 * @param policy for calls of these methods: the `defaults` of the configuration
 */
export function served(
  name: string,
  services: readonly ServiceImplSpec[],
  policy: RoutePolicy,
  access?: AdminAccess,
): ReadonlyMap<DescMethod, ServedMethod> {
  const worker = defineServices(() => services, {
    discovery: false,
    readMaxBytes: policy.maxBodyBytes,
    ...(access !== undefined && { identity: {}, interceptors: [recording(access.plane.record)] }),
  });
  const own = { props: { caller: OWN_NAME } }; // the layers before have proven the caller
  const env = {}; // one object for all calls: the host builds its services once for each `env`
  const upstream = fixedUpstream(name, {
    base: `https://${name}.internal`,
    fetch: (url, init) => worker.fetch(new Request(url, init), env, own),
  });
  const one: ServedMethod = access === undefined ? { policy, upstream } : { policy, upstream, access };
  return new Map(services.flatMap(({ service }) => service.methods.map((method) => [method, one] as const)));
}

/**
 * The methods of an admin service.
 *
 * @param access       who may call them
 * @param maxBodyBytes largest request
 */
export function servedToAdmins(
  name: string,
  service: ServiceImplSpec,
  access: AdminAccess,
  maxBodyBytes = ADMIN_POLICY.maxBodyBytes,
): ReadonlyMap<DescMethod, ServedMethod> {
  return served(name, [service], { ...ADMIN_POLICY, maxBodyBytes }, access);
}
