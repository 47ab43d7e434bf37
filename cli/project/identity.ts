// Which credentials a configuration accepts, and which routes require one: a line each, for `npm run check`.
import type { RouteAuthPolicy } from "../../core/config/auth.ts";
import { type GatewayPolicy, parsePolicy } from "../../core/config/gateway.ts";

/** Stands for the methods of a service that have no settings of their own. */
const OTHERS = "*";

/** @param settings the configuration of the gateway, plain JSON @returns nothing for one that is not valid, or authenticates no caller */
export function identityNotes(settings: unknown): string[] {
  const parsed = parsePolicy(settings, declaredIn(settings));
  return parsed.kind === "ok" ? notesOf(parsed.policy) : [];
}

/** The services that are listed, with the methods that have settings: the protos are not read here. */
function declaredIn(settings: unknown): ReadonlyMap<string, readonly string[]> {
  const { services } = (settings ?? {}) as { readonly services?: Readonly<Record<string, { readonly methods?: object } | undefined>> };
  return new Map(Object.entries(services ?? {}).map(([name, service]) => [name, [OTHERS, ...Object.keys(service?.methods ?? {})]]));
}

function notesOf(settings: Pick<GatewayPolicy, "auth" | "services" | "httpRoutes">): string[] {
  const { issuers, resource, access, certificates, keys, signatures, agents } = settings.auth;
  const kinds = [
    ...issuers.map(
      ({ issuer, algorithms, audiences, source }) =>
        `JWTs of ${issuer} (${algorithms.join(", ")}) for ${audiences.join(", ")}, keys ${source.kind === "written" ? "of the configuration" : `from ${source.url}`}`,
    ),
    ...(access === undefined
      ? []
      : [`Cloudflare Access of ${access.issuer} for ${access.audiences.join(", ")}: ctx.access, else the assertion`]),
    ...(certificates ? ["TLS client certificates that the edge has verified"] : []),
    ...(keys === undefined ? [] : ["API keys that this gateway issues"]),
    ...(signatures === undefined ? [] : ["requests that are signed (RFC 9421)"]),
    ...(agents === undefined ? [] : ["agents that sign their requests (Web Bot Auth)"]),
  ];
  if (kinds.length === 0) return [];
  return [
    ...kinds.map((kind) => `identity: ${kind}`),
    ...(resource === undefined ? [] : [`identity: protected resource ${resource}`]),
    ...[...settings.services].map(([name, { methods }]) => `identity: ${name}: ${modesOf(methods)}`),
    ...[...settings.httpRoutes].map(([prefix, route]) => `identity: ${prefix}: ${modeOf(route)}`),
  ];
}

/** `required; GetUser optional` */
function modesOf(methods: ReadonlyMap<string, RouteAuthPolicy>): string {
  const own = modeOf(methods.get(OTHERS)!);
  const others = [...methods].filter(([, route]) => modeOf(route) !== own).map(([name, route]) => `${name} ${modeOf(route)}`);
  return [own, ...others].join("; ");
}

/** `required`, `required (only reported)`, or `required (for 10 % of callers)` */
function modeOf({ auth, authEnforcement: { mode, percent } }: RouteAuthPolicy): string {
  if (auth === "off" || mode === "off") return "off";
  if (mode === "report" || percent === 0) return `${auth} (only reported)`;
  return percent === 100 ? auth : `${auth} (for ${percent} % of callers)`;
}
