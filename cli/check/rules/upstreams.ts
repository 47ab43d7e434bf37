// Upstreams that cannot do what their settings say: versions and fallbacks that are the service itself, the gateway as its own upstream,
// and settings of balancers that the chosen one does not have.
import { join } from "../../../core/config/problems.ts";
import type { UpstreamPolicy } from "../../../core/config/upstream.ts";
import { hostKind } from "../../../core/registry/endpoint-host.ts";
import { type CheckedRoute, type Facts, fieldsOf, note, type Rule, type Suspicion, warning, writtenAt } from "./facts.ts";
import { type CheckedUpstream, targetsOf, upstreamsIn } from "./upstreams-in.ts";

const HASHING = new Set(["consistent_hash", "maglev", "rendezvous"]);

export const upstreamRules: Rule = (facts) => {
  const all = upstreamsIn(facts);
  return [
    ...all.flatMap((one) => [...sameAsService(one, all), ...ownHost(one, facts.hosts), ...cleartext(one), ...balancing(one)]),
    ...canaries(facts),
    ...facts.routes.flatMap((route) => hedging(route, facts)),
    ...breakers(facts),
  ];
};

const ROLES = { canary: "a version", mirror: "a mirror", fallback: "a fallback" };

function sameAsService({ path, role, owner, policy }: CheckedUpstream, all: readonly CheckedUpstream[]): Suspicion[] {
  if (role === "service" || role === "http") return [];
  const base = all.find((other) => other.role === "service" && other.owner === owner)!;
  const target = targetsOf(policy);
  if (target === "" || target !== targetsOf(base.policy)) return [];
  return [warning(path, `${target}, the upstream of the service itself, as ${ROLES[role]}`, "write another upstream, or remove it")];
}

function ownHost({ path, policy }: CheckedUpstream, hosts: readonly string[]): Suspicion[] {
  return policy.endpoints.flatMap(({ target }, index) => {
    if (!("url" in target)) return [];
    const host = URL.parse(target.url)?.host ?? "";
    if (!hosts.some((own) => isHost(own, host))) return [];
    const at = policy.endpoints.length === 1 ? `${path}.url` : `${path}.endpoints[${index}].url`;
    return [
      warning(
        at,
        `"${target.url}", a host of the gateway itself: each call calls it again`,
        "write the address of the service behind the gateway",
      ),
    ];
  });
}

/** @param pattern a host; `*` is any text */
function isHost(pattern: string, host: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".+")}$`).test(host);
}

function cleartext({ path, policy }: CheckedUpstream): Suspicion[] {
  return policy.endpoints.flatMap(({ target }, index) => {
    if (!("url" in target) || "binding" in target || !target.url.startsWith("http://")) return [];
    if (hostKind(URL.parse(target.url)?.hostname ?? "") !== "name") return []; // a local gateway calls it
    const at = policy.endpoints.length === 1 ? `${path}.url` : `${path}.endpoints[${index}].url`;
    return [warning(at, `"${target.url}", without TLS over the public network`, "write https://")];
  });
}

function balancing({ path, policy, written }: CheckedUpstream): Suspicion[] {
  const problems: Suspicion[] = [];
  const { balancer, endpoints, registry } = policy;
  for (const name of ["hashOn", "maxLoadPercent"]) {
    if (written[name] !== undefined && !HASHING.has(balancer))
      problems.push(
        warning(
          join(path, name),
          `${name} beside the balancer "${balancer}", which hashes nothing`,
          'write balancer: "consistent_hash", "maglev" or "rendezvous", or leave it out',
        ),
      );
  }
  if (registry) return problems;
  const lone = (name: string, fix: string): void => {
    if (written[name] !== undefined) problems.push(warning(join(path, name), `${name} for ${endpoints.length} endpoint`, fix));
  };
  if (endpoints.length === 1) {
    lone("balancer", "list more endpoints, or leave it out: there is nothing to choose");
    lone("zones", "list endpoints with a zone, or leave it out");
    if (endpoints[0]!.weight > 1)
      problems.push(note(`${path}.endpoints[0].weight`, `weight ${endpoints[0]!.weight} for the only endpoint`, "leave it out"));
  }
  if (written["subset"] !== undefined && policy.subset >= endpoints.length)
    problems.push(
      warning(
        `${path}.subset`,
        `${policy.subset} of ${endpoints.length} endpoints`,
        "write a smaller number, or leave it out: every endpoint is used",
      ),
    );
  return [...problems, ...zoneProblems(path, policy)];
}

function zoneProblems(path: string, { endpoints, zones }: UpstreamPolicy): Suspicion[] {
  if (zones !== undefined && endpoints.length > 1 && endpoints.every(({ zone }) => zone === undefined))
    return [
      warning(`${path}.zones`, "zones of locations, and no endpoint with a zone", 'write zone: "eu" for the endpoints, or leave zones out'),
    ];
  const known = new Set(zones?.values());
  if (zones === undefined || known.size === 0) return [];
  return endpoints.flatMap(({ zone }, index) => {
    if (zone === undefined || known.has(zone) || /^[A-Z]{3}$/.test(zone)) return [];
    return [
      warning(
        `${path}.endpoints[${index}].zone`,
        `"${zone}", a zone of no location`,
        `write one of ${[...known].map((name) => `"${name}"`).join(", ")}, or add locations to zones`,
      ),
    ];
  });
}

function canaries({ policy }: Facts): Suspicion[] {
  return [...policy.services].flatMap(([service, { traffic }]) =>
    (traffic?.canaries ?? []).flatMap(({ name, percent, header, cookie }, index, all): Suspicion[] => {
      const at = `${join("services", service)}.traffic.canaries[${index}]`;
      if (all.findIndex((other) => other.name === name) < index)
        return [
          warning(
            `${at}.name`,
            `"${name}", the name of an earlier version`,
            "give each version a name of its own: header, cookie and metrics have it",
          ),
        ];
      if (percent > 0 || header !== undefined || cookie !== undefined) return [];
      return [
        warning(
          `${at}.percent`,
          "0 %, and neither a header nor a cookie that leads to the version",
          "write a percent above 0, or a header, or remove the version",
        ),
      ];
    }),
  );
}

/** A second attempt goes to another endpoint, and only for methods that change nothing. */
function hedging(route: CheckedRoute, { policy }: Facts): Suspicion[] {
  const at = writtenAt(route, "hedging");
  if (at === undefined || route.method === undefined || !("hedging" in route.policy) || route.policy.hedging === undefined) return [];
  const { upstream } = policy.services.get(route.method.parent.typeName)!;
  if (upstream.endpoints.length > 1 || upstream.registry) return [];
  return [
    warning(
      at,
      `hedging for ${route.method.parent.typeName}, which has one endpoint`,
      "list more endpoints, or write hedging: false: a second attempt needs another endpoint",
    ),
  ];
}

function breakers({ policy, written }: Facts): Suspicion[] {
  const named = [...policy.services].map(
    ([name, { breaker }]) => [join("services", name), fieldsOf(written["services"])[name], breaker] as const,
  );
  const prefixes = [...policy.httpRoutes].map(
    ([name, { breaker }]) => [join("httpRoutes", name), fieldsOf(written["httpRoutes"])[name], breaker] as const,
  );
  return [...named, ...prefixes].flatMap(([path, value, { maxOpenPercent, mode }]) => {
    const own = fieldsOf(fieldsOf(value)["breaker"]);
    if (own["maxOpenPercent"] !== 0 || maxOpenPercent !== 0 || mode !== "enforce") return [];
    return [warning(`${path}.breaker.maxOpenPercent`, "0 %: no endpoint is ever left out", 'write a share above 0, or mode: "report"')];
  });
}
