// Every upstream of a configuration with its path: of services, versions, mirrors, fallbacks and plain HTTP.
import { join } from "../../../core/config/problems.ts";
import { endpointId } from "../../../core/config/target.ts";
import type { UpstreamPolicy } from "../../../core/config/upstream.ts";
import { type Facts, fieldsOf, levelOf, type WrittenFields } from "./facts.ts";

export interface CheckedUpstream {
  readonly path: string;
  readonly role: "service" | "canary" | "mirror" | "fallback" | "http";
  readonly owner: string; // name of the service, or the prefix
  readonly policy: UpstreamPolicy;
  readonly written: WrittenFields;
  readonly readTimeoutMs: number; // the longest of its calls
}

/** A fallback that several methods share is listed once. */
export function upstreamsIn(facts: Facts): CheckedUpstream[] {
  const { policy, written } = facts;
  const all: CheckedUpstream[] = [];
  for (const [owner, { upstream, traffic, methods }] of policy.services) {
    const path = join("services", owner);
    const settings = fieldsOf(fieldsOf(written["services"])[owner]);
    const readTimeoutMs = Math.max(0, ...[...methods.values()].map((route) => route.readTimeoutMs));
    const add = (role: CheckedUpstream["role"], at: string, one: UpstreamPolicy, value: unknown): void =>
      void all.push({ path: at, role, owner, policy: one, written: fieldsOf(value), readTimeoutMs });
    add("service", `${path}.upstream`, upstream, settings["upstream"]);
    const { canaries, mirror } = fieldsOf(settings["traffic"]);
    for (const [index, canary] of (traffic?.canaries ?? []).entries())
      add("canary", `${path}.traffic.canaries[${index}].upstream`, canary.upstream, fieldsOf((canaries as unknown[])[index])["upstream"]);
    if (traffic?.mirror !== undefined)
      add("mirror", `${path}.traffic.mirror.upstream`, traffic.mirror.upstream, fieldsOf(mirror)["upstream"]);
  }
  all.push(...fallbacksIn(facts));
  for (const [prefix, { upstream, readTimeoutMs }] of policy.httpRoutes) {
    const value = fieldsOf(fieldsOf(written["httpRoutes"])[prefix])["upstream"];
    all.push({
      path: `${join("httpRoutes", prefix)}.upstream`,
      role: "http",
      owner: prefix,
      policy: upstream,
      written: fieldsOf(value),
      readTimeoutMs,
    });
  }
  return all;
}

function fallbacksIn({ routes }: Facts): CheckedUpstream[] {
  const byPath = new Map<string, CheckedUpstream>();
  for (const route of routes) {
    const { policy, method } = route;
    const level = levelOf(route, "fallback");
    if (method === undefined || level === undefined || !("fallback" in policy) || policy.fallback.upstream === undefined) continue;
    const path = `${join(level.path, "fallback")}.upstream`;
    const key = `${path} ${method.parent.typeName}`;
    const written = fieldsOf(fieldsOf(level.written["fallback"])["upstream"]);
    byPath.set(key, {
      path,
      role: "fallback",
      owner: method.parent.typeName,
      policy: policy.fallback.upstream,
      written,
      readTimeoutMs: policy.readTimeoutMs,
    });
  }
  return [...byPath.values()];
}

/** The identities of its endpoints, in one order; "" for one that only has registered endpoints. */
export function targetsOf({ endpoints }: UpstreamPolicy): string {
  return endpoints
    .map(({ target }) => endpointId(target))
    .sort()
    .join(" ");
}
