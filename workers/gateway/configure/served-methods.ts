// The methods of a configuration as they are served: the policy of each, its upstream, and what responds while that is down.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { Derived } from "../../../core/config/derived.ts";
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
    const upstream = serviceUpstream(service.typeName, source);
    const known = upstream && SERVED.find(settings, [service, upstream]);
    const methods = known ?? serviceMethods(service, settings, upstream, source, problems);
    for (const [method, one] of methods) served.set(method, one);
  }
  return served;
}

type ServedMethods = readonly (readonly [DescMethod, ServedMethod])[];

/** Methods without fallbacks. */
const METHODS = new Derived<DescMethod, ServedMethod>();
/** Methods of services without problems. Those with fallbacks are served by other upstreams, too: these are not compared. */
const SERVED = new Derived<ServicePolicy, ServedMethods>();

function serviceMethods(
  service: DescService,
  settings: ServicePolicy,
  upstream: Upstream | undefined,
  source: PoolSource,
  problems: Problem[],
): ServedMethods {
  const { length } = problems;
  problems.push(
    ...upstreamProblems(service, settings),
    ...overrideProblems(service, settings.methodOverrides),
    ...hedgingProblems(service, settings),
  );
  if (upstream === undefined) {
    problems.push(serviceProblem(service.typeName, settings));
    return [];
  }
  const methods = methodsOf(service, settings, upstream, source, problems);
  const hasFallback = methods.some(([, { fallback }]) => fallback?.upstream !== undefined);
  if (problems.length === length && !hasFallback) SERVED.set(settings, [service, upstream], methods);
  return methods;
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
    else if (response !== undefined || other !== undefined)
      return [[method, { policy, upstream, fallback: { upstream: fallback, response: read.message } }]];
    else return [[method, METHODS.get(method, [policy, upstream], () => ({ policy, upstream }))]];
    return [];
  });
}
