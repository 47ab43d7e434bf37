// URLs of the configuration that no gateway on Cloudflare's network can call: addresses and names of private networks, and IP addresses.
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import { join, type Problem } from "../../../core/config/problems.ts";
import type { UpstreamPolicy } from "../../../core/config/upstream.ts";
import { hostKind, LOCAL_VARIABLE, reachProblem } from "../../../core/registry/endpoint-host.ts";
import type { Bindings } from "../upstream/destination.ts";

/** Whether the gateway runs on a machine whose own network it can call. */
export function runsLocally(env: Bindings): boolean {
  return env[LOCAL_VARIABLE] === "true";
}

/** An endpoint with a binding beside its URL is called through the binding, which may lead anywhere. */
export function reachProblems(policy: Pick<GatewayPolicy, "services" | "httpRoutes">): Problem[] {
  const problems = new Map<string, Problem>();
  for (const [path, { endpoints }] of upstreamsOf(policy)) {
    for (const [index, { target }] of endpoints.entries()) {
      if (!("url" in target) || "binding" in target) continue;
      const fix = reachProblem(hostKind(URL.parse(target.url)?.hostname ?? ""));
      const at = endpoints.length === 1 ? `${path}.url` : `${path}.endpoints[${index}].url`;
      if (fix !== undefined) problems.set(at, { path: at, found: JSON.stringify(target.url), fix, isLocalOnly: true });
    }
  }
  return [...problems.values()];
}

/** Every upstream of the configuration, with the path of its setting. A fallback that methods share has one path. */
function* upstreamsOf({ services, httpRoutes }: Pick<GatewayPolicy, "services" | "httpRoutes">): Generator<[string, UpstreamPolicy]> {
  for (const [name, { upstream, traffic, methods }] of services) {
    const path = join("services", name);
    yield [`${path}.upstream`, upstream];
    for (const [index, canary] of (traffic?.canaries ?? []).entries())
      yield [`${path}.traffic.canaries[${index}].upstream`, canary.upstream];
    if (traffic?.mirror !== undefined) yield [`${path}.traffic.mirror.upstream`, traffic.mirror.upstream];
    for (const { fallback } of methods.values())
      if (fallback.upstream !== undefined) yield [`${path}.fallback.upstream`, fallback.upstream];
  }
  for (const [prefix, { upstream }] of httpRoutes) yield [`${join("httpRoutes", prefix)}.upstream`, upstream];
}
