// Settings of a service and of its methods.
import * as v from "valibot";
import { BREAKER_SETTINGS, type BreakerPolicy, parseBreaker } from "./breaker.ts";
import { isInEveryRequest } from "./hash-on.ts";
import { type MethodOverride, OVERRIDE_SETTINGS, parseMethodOverride } from "./method-override.ts";
import { parseThrottle, THROTTLE_SETTINGS, type ThrottlePolicy } from "./overload.ts";
import { ParsedBlocks } from "./parsed-blocks.ts";
import { type Checks, join, suggest } from "./problems.ts";
import { parseRoute, ROUTE_SETTINGS, type RoutePolicy } from "./route.ts";
import type { Rules } from "./route-limits.ts";
import { block, type InputOf, readByCode } from "./setting.ts";
import { parseTraffic, TRAFFIC_SETTINGS, type TrafficPolicy } from "./traffic.ts";
import { parseUpstream, type UpstreamPolicy, upstream } from "./upstream.ts";

export const METHOD_SETTINGS = block({ ...ROUTE_SETTINGS.entries, ...OVERRIDE_SETTINGS.entries });

export const SERVICE_SETTINGS = block({
  upstream: readByCode(upstream, "Where the service runs.", {
    shape: '`{ binding: "USERS" }`, `{ url: "https://users.example/base" }`, or the fields below',
    shownDefault: "required",
  }),
  breaker: readByCode(
    BREAKER_SETTINGS,
    "When calls of an endpoint are refused at once because it is failing ([breakers](resilience.md#breakers)).",
    { shape: "the fields below", shownDefault: "the defaults below" },
  ),
  throttle: readByCode(THROTTLE_SETTINGS, "When calls are held back from the upstream because it refuses most of them.", {
    shape: "the fields below",
    shownDefault: "the defaults below",
  }),
  traffic: readByCode(TRAFFIC_SETTINGS, "Canaries and mirroring.", {
    shape: "the fields below",
    shownDefault: "all calls go to `upstream`",
  }),
  methods: readByCode(v.record(v.string(), METHOD_SETTINGS), "Settings of single methods, by the name of the method.", {
    shape: "route fields, `http` and `idempotency`, by name",
    shownDefault: "none",
  }),
  ...ROUTE_SETTINGS.entries,
});

export type MethodInput = InputOf<typeof METHOD_SETTINGS>;
export type ServiceInput = InputOf<typeof SERVICE_SETTINGS>;

export interface ServicePolicy {
  readonly upstream: UpstreamPolicy;
  readonly breaker: BreakerPolicy;
  readonly throttle: ThrottlePolicy;
  readonly traffic: TrafficPolicy | undefined;
  readonly methods: ReadonlyMap<string, RoutePolicy>;
  readonly hedgedMethods: readonly string[]; // methods whose own settings turn hedging on
  readonly methodOverrides: ReadonlyMap<string, MethodOverride>; // keys are the names of methods that have one
}

/** @param declared the names of the methods in the proto of the service */
export function parseService(
  check: Checks,
  path: string,
  value: unknown,
  declared: readonly string[],
  defaults: RoutePolicy,
  rules: Rules,
  known = new ParsedBlocks(),
): ServicePolicy {
  const fields = check.fields(path, value, Object.keys(SERVICE_SETTINGS.entries));
  const { methods: written, ...route } = fields;
  const own = known.read(check, path, route, [defaults], (used) => parseRoute(check, path, fields, defaults, used), rules);
  const { methods, hedgedMethods, methodOverrides } = parseMethods(check, `${path}.methods`, written, declared, own, rules, known);
  const base = parseUpstream(check, `${path}.upstream`, fields["upstream"]);
  const traffic = parseTraffic(check, `${path}.traffic`, fields["traffic"]);
  checkOthers(check, `${path}.upstream`, base, othersOf(traffic, methods));
  return {
    upstream: base,
    breaker: parseBreaker(check, `${path}.breaker`, fields["breaker"]),
    throttle: parseThrottle(check, `${path}.throttle`, fields["throttle"]),
    traffic,
    methods,
    hedgedMethods,
    methodOverrides,
  };
}

function parseMethods(
  check: Checks,
  path: string,
  value: unknown,
  declared: readonly string[],
  outer: RoutePolicy,
  rules: Rules,
  known: ParsedBlocks,
): Pick<ServicePolicy, "methods" | "hedgedMethods" | "methodOverrides"> {
  const methods = new Map(declared.map((name) => [name, outer]));
  const methodOverrides = new Map<string, MethodOverride>();
  const hedgedMethods: string[] = [];
  for (const [name, settings] of check.entries(path, value)) {
    const at = join(path, name);
    if (declared.length > 0 && !declared.includes(name)) check.report(at, name, `write ${suggest(name, declared)}`);
    const { policy, isHedged, override } = known.read(
      check,
      at,
      settings,
      [outer],
      (used) => parseMethod(check, at, settings, outer, used),
      rules,
    );
    methods.set(name, policy);
    if (isHedged) hedgedMethods.push(name);
    if (override !== undefined) methodOverrides.set(name, override);
  }
  return { methods, hedgedMethods, methodOverrides };
}

interface ParsedMethod {
  readonly policy: RoutePolicy;
  readonly isHedged: boolean; // its own settings turn hedging on
  readonly override: MethodOverride | undefined;
}

function parseMethod(check: Checks, path: string, value: unknown, outer: RoutePolicy, rules: Rules): ParsedMethod {
  const fields = check.fields(path, value, Object.keys(METHOD_SETTINGS.entries));
  const policy = parseRoute(check, path, fields, outer, rules);
  const isHedged = fields["hedging"] !== undefined && fields["hedging"] !== false;
  return { policy, isHedged, override: parseMethodOverride(check, path, fields) };
}

/** Upstreams of canaries, of the mirror and of fallbacks. */
function othersOf(traffic: TrafficPolicy | undefined, methods: ReadonlyMap<string, RoutePolicy>): UpstreamPolicy[] {
  const versions = traffic === undefined ? [] : [...traffic.canaries, ...(traffic.mirror === undefined ? [] : [traffic.mirror])];
  const fallbacks = [...methods.values()].flatMap(({ fallback }) => fallback.upstream ?? []);
  return [...versions.map((version) => version.upstream), ...fallbacks];
}

/** Other upstreams get calls that were prepared for the one of the service: in its protocol, and without a field or a cookie to hash. */
function checkOthers(check: Checks, path: string, base: UpstreamPolicy, others: readonly UpstreamPolicy[]): void {
  for (const { hashOn } of others) {
    if (!isInEveryRequest(hashOn))
      check.report(`${path}.hashOn`, "a version or fallback", "use fields and made cookies for the service's own upstream alone");
  }
  const other = others.find(({ protocol }) => protocol !== base.protocol);
  if (other !== undefined)
    check.report(`${path}.protocol`, other.protocol, `let versions and fallbacks speak ${base.protocol}, as the service does`);
}
