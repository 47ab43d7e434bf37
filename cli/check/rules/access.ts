// Who may call: credentials that nothing needs, routes that refuse everybody, CORS that lets more in than it should, and the admin plane.
import { provesOf } from "../../../core/config/auth.ts";
import { join } from "../../../core/config/problems.ts";
import { isInRanges } from "../../../core/ip.ts";
import { hostKind } from "../../../core/registry/endpoint-host.ts";
import { type CheckedRoute, type Facts, fieldsOf, type Rule, type Suspicion, warning, writtenAt } from "./facts.ts";
import { upstreamsIn } from "./upstreams-in.ts";

export const accessRules: Rule = (facts) => [
  ...facts.routes.flatMap((route) => [...required(route, facts), ...addresses(route)]),
  ...unusedAuth(facts),
  ...sharedSecrets(facts),
  ...origins(facts),
  ...admin(facts),
];

function required(route: CheckedRoute, { policy }: Facts): Suspicion[] {
  const proves = provesOf(policy.auth);
  const at = writtenAt(route, "auth");
  if (at !== undefined && route.policy.auth !== "off" && !proves.principals) {
    const effect = route.policy.auth === "required" ? "every call is refused" : "no credential is looked at";
    const fix = "say how callers prove who they are: auth at the top, with issuers, access, keys, signatures or certificates";
    return [warning(at, `"${route.policy.auth}", and no kind of credential in auth at the top: ${effect}`, fix)];
  }
  const { issuers, access, keys, signatures, agents } = policy.auth;
  const scopes = writtenAt(route, "scopes");
  const hasScopes = issuers.length > 0 || [access, keys, signatures, agents].some((kind) => kind !== undefined);
  if (scopes !== undefined && route.policy.scopes.length > 0 && proves.principals && !hasScopes)
    return [
      warning(
        scopes,
        "scopes, and only client certificates, which have none: every call is refused",
        "add auth.issuers or auth.keys, or leave scopes out",
      ),
    ];
  return [];
}

/** Addresses that are allowed and refused at once. */
function addresses(route: CheckedRoute): Suspicion[] {
  const { allow, deny } = route.policy.addresses;
  const at = writtenAt(route, "addresses");
  if (at === undefined || allow.length === 0 || deny.length === 0) return [];
  const firsts = allow.map(({ groups }) => groups.map((group) => group.toString(16)).join(":"));
  const all = allow.every((range, index) => deny.some((other) => other.bits <= range.bits && isInRanges(firsts[index]!, [other])));
  if (!all) return [];
  return [
    warning(
      join(at, "deny"),
      "ranges that cover all of allow: every call is refused",
      "write narrower ranges: deny holds also where allow has an address",
    ),
  ];
}

/** Credentials that are configured, and looked at on no route. */
function unusedAuth({ policy, routes, written }: Facts): Suspicion[] {
  const problems: Suspicion[] = [];
  if (
    provesOf(policy.auth).principals &&
    routes.length > 0 &&
    routes.every((route) => route.policy.auth === "off") &&
    policy.admin === undefined
  )
    problems.push(
      warning(
        "auth",
        'credentials, and auth "off" on every route',
        'write auth: "optional" or "required" for the routes that need them, or remove auth',
      ),
    );
  const trusted = fieldsOf(written["overload"])["trusted"];
  if (trusted !== undefined && routes.every((route) => route.policy.auth === "off"))
    problems.push(
      warning("overload.trusted", 'trusted callers, and auth "off" on every route', 'write auth: "optional" for the routes that they call'),
    );
  return problems;
}

/** One secret for two purposes: who has one of them has both. */
function sharedSecrets({ written }: Facts): Suspicion[] {
  const names = new Map<string, string>();
  return secretsIn(written).flatMap(([path, name]) => {
    const other = names.get(name);
    names.set(name, other ?? path);
    if (other === undefined) return [];
    return [warning(path, `"${name}", the secret of ${other}, too`, "write a secret of its own: who has it may do both")];
  });
}

const SECRET_SETTINGS = new Set(["tokenBinding", "secretBinding", "tagSecrets", "keyBindings"]);

/** The path and the name of each secret. */
function secretsIn(value: unknown, path = ""): [string, string][] {
  return Object.entries(fieldsOf(value)).flatMap(([name, inner]): [string, string][] => {
    const at = join(path, name);
    if (!SECRET_SETTINGS.has(name)) return secretsIn(inner, at);
    if (Array.isArray(inner))
      return inner.flatMap((item, index): [string, string][] => (typeof item === "string" ? [[`${at}[${index}]`, item]] : []));
    return typeof inner === "string" ? [[at, inner]] : [];
  });
}

function origins({ policy: { cors } }: Facts): Suspicion[] {
  return (cors?.origins ?? []).flatMap((origin, index, all): Suspicion[] => {
    const at = `cors.origins[${index}]`;
    if (all.indexOf(origin) < index) return [warning(at, `"${origin}" a second time`, "write each origin once")];
    const isLocal = hostKind(URL.parse(origin)?.hostname ?? "") !== "name";
    if (isLocal && cors!.credentials)
      return [
        warning(
          at,
          `"${origin}", a page of any machine, with credentials: true`,
          "write it in the configuration of a test environment alone",
        ),
      ];
    if (isLocal || origin.startsWith("https:")) return [];
    return [warning(at, `"${origin}", a page without TLS, which anybody on its way can change`, "write its https:// origin")];
  });
}

function admin(facts: Facts): Suspicion[] {
  const { policy, written } = facts;
  const problems: Suspicion[] = [];
  const { host, roles, secretBinding } = policy.admin ?? {};
  if ((roles?.size ?? 0) > 0 && policy.auth.access === undefined)
    problems.push(
      warning(
        "admin.roles",
        "roles of callers that Cloudflare Access has proven, and no auth.access",
        "write auth: { access: { team, audiences } }, or give API keys the scope admin:operator",
      ),
    );
  if (policy.admin !== undefined && secretBinding === undefined && (roles?.size ?? 0) === 0 && policy.auth.keys === undefined)
    problems.push(
      warning("admin", "no credential: neither secretBinding, nor roles, nor auth.keys", 'write secretBinding: "ADMIN_SECRET"'),
    );
  if (host !== undefined && (policy.cors?.origins ?? []).some((origin) => URL.parse(origin)?.host === host))
    problems.push(warning("admin.host", `"${host}", which is an origin of cors, too`, "write a host that serves no pages"));
  if (
    host !== undefined &&
    fieldsOf(written["openapi"])["servers"] !== undefined &&
    policy.openapi.servers.some((url) => URL.parse(url)?.host === host)
  )
    problems.push(
      warning(
        "admin.host",
        `"${host}", which is the public host of openapi.servers, too: callers get 404 there`,
        "write a host for admin services alone",
      ),
    );
  const usesRegistry = upstreamsIn(facts).some((one) => one.policy.registry);
  if (policy.registry !== undefined && !usesRegistry)
    problems.push(
      warning(
        "registry",
        "a registry, and no upstream that takes endpoints from it",
        "write registry: true in an upstream, or remove registry",
      ),
    );
  return problems;
}
