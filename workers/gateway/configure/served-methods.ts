// The methods of a configuration as they are served: the policy of each, its upstream, and what responds while that is down.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Problem } from "../../../core/config/problems.ts";
import type { ServicePolicy } from "../../../core/config/service.ts";
import type { UpstreamPolicy } from "../../../core/config/upstream.ts";
import { fallbackName } from "../upstream/breaker-names.ts";
import type { ServedMethod, Upstream } from "../upstream/upstream.ts";
import { overrideProblems } from "./overrides.ts";
import { hedgingProblems, staticResponseOf, upstreamProblems } from "./route-checks.ts";
import { missingBinding, type PoolSource, poolOf, serviceProblem, serviceUpstream, targetsOf } from "./upstreams.ts";

/** @param problems receives what does not fit; a method with a problem is not served */
export function serveMethods(
  services: readonly DescService[],
  source: PoolSource,
  problems: Problem[],
): ReadonlyMap<DescMethod, ServedMethod> {
  const served = new Map<DescMethod, ServedMethod>();
  for (const service of services) {
    const settings = source.policy.services.get(service.typeName)!;
    problems.push(
      ...upstreamProblems(service, settings),
      ...overrideProblems(service, settings.methodOverrides),
      ...hedgingProblems(service, settings),
    );
    const upstream = serviceUpstream(service.typeName, source);
    if (upstream === undefined) problems.push(serviceProblem(service.typeName, settings));
    else for (const [method, one] of methodsOf(service, settings, upstream, source, problems)) served.set(method, one);
  }
  return served;
}

function methodsOf(
  { typeName, methods }: DescService,
  settings: ServicePolicy,
  upstream: Upstream,
  source: PoolSource,
  problems: Problem[],
): [DescMethod, ServedMethod][] {
  const pools = new Map<UpstreamPolicy, Upstream | undefined>(); // methods with the same fallback share one upstream
  return methods.flatMap((method): [DescMethod, ServedMethod][] => {
    const policy = settings.methods.get(method.name)!;
    const { upstream: other, response } = policy.fallback;
    if (other !== undefined && !pools.has(other)) pools.set(other, poolOf(fallbackName(typeName, pools.size), typeName, other, source));
    const fallback = other && pools.get(other);
    const read = staticResponseOf(method, response);
    if ("found" in read) problems.push({ path: `fallback.response of ${typeName}.${method.name}`, ...read });
    else if (other !== undefined && fallback === undefined)
      problems.push(missingBinding(`fallback.upstream of ${typeName}.${method.name}`, targetsOf([other])));
    else return [[method, { policy, upstream, fallback: { upstream: fallback, response: read.message } }]];
    return [];
  });
}
