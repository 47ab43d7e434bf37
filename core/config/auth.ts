// Settings of identity: the kinds of credentials that prove who calls. Each kind has its block in auth/.
import * as v from "valibot";
import { ACCESS_SETTINGS, parseAccess } from "./auth/access.ts";
import { ADDRESS_SETTINGS } from "./auth/addresses.ts";
import { AGENT_SETTINGS, type AgentsPolicy, parseAgents } from "./auth/agents.ts";
import { allow } from "./auth/allow.ts";
import { IDENTITY_SETTINGS, type IdentityPolicy } from "./auth/identity.ts";
import { ISSUER_SETTINGS, type IssuerPolicy, parseIssuers } from "./auth/issuers.ts";
import { KEY_SETTINGS, type KeysPolicy, parseKeys } from "./auth/keys.ts";
import { defaultResource, parseResource, RESOURCE_SETTINGS } from "./auth/resource.ts";
import { parseSignatures, SIGNATURE_SETTINGS, type SignaturesPolicy } from "./auth/signatures.ts";
import { ENFORCED, type Enforcement, modeAndPercent } from "./enforcement.ts";
import type { Checks } from "./problems.ts";
import { readBlock, readOptional } from "./read.ts";
import { block, choice, flag, type InputOf, list, readByCode, required, setting, text } from "./setting.ts";

export const AUTH_SETTINGS = block({
  issuers: readByCode(v.record(v.string(), ISSUER_SETTINGS), "Issuers whose JWTs (`Authorization: Bearer`) count, by their `iss`.", {
    shape: "the fields below, by issuer",
    shownDefault: "none",
  }),
  resource: readByCode(RESOURCE_SETTINGS, "The gateway as an OAuth protected resource ([authentication](authentication.md#oauth)).", {
    shape: "the fields below",
    shownDefault: "the first of the `audiences` that is an https URL",
  }),
  access: readByCode(ACCESS_SETTINGS, "Callers that have come through Cloudflare Access.", {
    shape: "the fields below",
    shownDefault: "none",
  }),
  certificates: setting(
    flag,
    false,
    "Whether callers are known by TLS client certificates that Cloudflare's edge has verified (mTLS), where they bring no other credential.",
  ),
  keys: readByCode(KEY_SETTINGS, "API keys that this gateway issues ([authentication](authentication.md#api-keys)).", {
    shape: "the fields below",
    shownDefault: "none",
  }),
  signatures: readByCode(SIGNATURE_SETTINGS, "Signed requests (RFC 9421).", { shape: "the fields below", shownDefault: "none" }),
  agents: readByCode(AGENT_SETTINGS, "Agents that sign their requests with keys of a public directory (Web Bot Auth).", {
    shape: "the fields below",
    shownDefault: "none",
  }),
  identity: readByCode(IDENTITY_SETTINGS, "What services learn of who calls ([identity towards services](authentication.md#services)).", {
    shape: "the fields below",
    shownDefault: "none: services learn nothing",
  }),
});

export type AuthInput = InputOf<typeof AUTH_SETTINGS>;

export interface AuthPolicy {
  readonly issuers: readonly IssuerPolicy[];
  readonly resource: string | undefined; // URL of the gateway as a protected resource; there where issuers are
  readonly access: IssuerPolicy | undefined;
  readonly certificates: boolean;
  readonly keys: KeysPolicy | undefined;
  readonly signatures: SignaturesPolicy | undefined;
  readonly agents: AgentsPolicy | undefined;
  readonly identity: IdentityPolicy | undefined;
}

/** What the configuration proves of callers: other settings may only refer to that. */
export interface Proves {
  readonly principals: boolean;
  readonly claims: boolean; // claims of JWTs
  readonly keys?: boolean; // plans of API keys
}

const NO_AUTH: AuthPolicy = {
  issuers: [],
  resource: undefined,
  access: undefined,
  certificates: false,
  signatures: undefined,
  agents: undefined,
  keys: undefined,
  identity: undefined,
};

/** How the calls of a route are authenticated. */
export const AUTH_MODES = ["off", "optional", "required"] as const;
export type AuthMode = (typeof AUTH_MODES)[number];

export const ROUTE_AUTH_SETTINGS = block({
  callers: required(
    choice(AUTH_MODES),
    "As `auth` alone: which callers may call.",
    'write which callers may call: { callers: "required", mode: "report" }',
  ),
  ...modeAndPercent("calls that would be refused for their credential or scopes are counted and logged, a wrong credential counts as none"),
});

const SCOPES_FIX = 'write scopes in a list, at most 32: ["users.read"]';
/** Settings of a route; they are among `ROUTE_SETTINGS`. */
export const ROUTE_AUTH = {
  auth: readByCode(
    v.union([choice(AUTH_MODES), ROUTE_AUTH_SETTINGS]),
    "Whether calls are authenticated: `off`: no credential is looked at, `optional`: one that comes has to be valid, `required`: calls without one are refused. As `{ callers, mode, percent }` it can be tried first ([dry run](dry-run.md)).",
    {
      shape: '`"off"`, `"optional"`, `"required"`, or the fields below',
      shownDefault: '`"optional"` where `auth` at the top names a kind of credential, else `"off"`',
    },
  ),
  scopes: setting(
    list(text(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, SCOPES_FIX), 32, SCOPES_FIX, "scopes"),
    [],
    "Scopes that the caller has to have, all of them. Without them it gets `permission_denied`.",
  ),
  addresses: readByCode(ADDRESS_SETTINGS, "Addresses that may call, looked at before anything else; `false` for all.", {
    shape: "`{ allow, deny }`, or `false`",
    shownDefault: "all",
  }),
  allow: readByCode(
    allow,
    'CEL expression that has to be true for a call ([authorization](authentication.md#authorization)); `false` for none. Needs `main = "workers/gateway/validating.ts"` in wrangler.toml.',
    { shape: "text, `{ expression, mode }`, or `false`", shownDefault: "none" },
  ),
  forwardCredentials: setting(
    flag,
    false,
    "Whether the upstream gets the credentials of the caller. By default none leaves the gateway where `auth` at the top names a kind of credential, whatever the `auth` of the route.",
  ),
};

export function parseAuth(check: Checks, path: string, value: unknown): AuthPolicy {
  if (value === undefined) return NO_AUTH;
  const read = readBlock(check, path, AUTH_SETTINGS, value);
  const written = parseResource(check, `${path}.resource`, read.resource);
  const issuers = parseIssuers(check, `${path}.issuers`, read.issuers, written);
  const resource = written ?? defaultResource(issuers.flatMap(({ audiences }) => audiences));
  if (issuers.length > 0 && resource === undefined)
    check.report(`${path}.resource`, read.resource, 'write the public URL of the gateway: { url: "https://api.example.com" }');
  return {
    issuers,
    resource,
    access: parseAccess(check, `${path}.access`, read.access),
    certificates: read.certificates,
    signatures: parseSignatures(check, `${path}.signatures`, read.signatures),
    agents: parseAgents(check, `${path}.agents`, read.agents),
    keys: parseKeys(check, `${path}.keys`, read.keys),
    identity: readOptional(check, `${path}.identity`, IDENTITY_SETTINGS, read.identity),
  };
}

export function provesOf({ issuers, access, certificates, signatures, agents, keys }: AuthPolicy): Proves {
  const claims = issuers.length > 0 || access !== undefined;
  const principals = claims || certificates || [signatures, agents, keys].some((kind) => kind !== undefined);
  return { principals, claims, ...(keys !== undefined && { keys: true }) };
}

/** Fields with credentials, which upstreams do not get. */
export function credentialFields(auth: AuthPolicy): readonly string[] {
  if (!provesOf(auth).principals) return [];
  const { header } = auth.keys ?? {};
  return ["authorization", "signature", "signature-agent", "signature-input", ...(header === undefined ? [] : [header])];
}

export const PRINCIPAL_FIX = "say how callers prove who they are: auth at the top (docs/authentication.md)";
export const KEYS_FIX = "say how keys are issued: auth.keys at the top (docs/authentication.md)";
export const CLAIM_FIX = "say whose tokens are verified: auth.issuers or auth.access at the top; claims of other tokens do not count";
/** The first versions trusted a header that something in front of the gateway had to write. */
export const FORMER_HEADER_FIX =
  "remove it, and let the gateway verify its callers: auth.issuers for JWTs, auth.access for Cloudflare Access, auth.certificates for mTLS";

/** What a route says of its callers. */
export interface RouteAuthPolicy {
  readonly auth: AuthMode;
  readonly authEnforcement: Enforcement;
}

/** @returns `outer` where nothing, or nothing valid, is written */
export function parseRouteAuth(check: Checks, path: string, value: unknown, outer: RouteAuthPolicy): RouteAuthPolicy {
  if (value === undefined) return outer;
  const auth = AUTH_MODES.find((mode) => mode === value);
  if (auth !== undefined) return { auth, authEnforcement: ENFORCED };
  if (typeof value === "object" && value !== null) {
    const { callers = outer.auth, mode, percent } = readBlock(check, path, ROUTE_AUTH_SETTINGS, value);
    return { auth: callers, authEnforcement: { mode, percent } };
  }
  check.report(path, value, 'write "off" or "optional" or "required"');
  return outer;
}

/** Settings of a route that nothing configured can fulfil. */
export function checkRouteAuth(check: Checks, path: string, route: { auth: AuthMode; scopes: readonly string[] }, written: object): void {
  const isWritten = Object.hasOwn(written, "auth") || Object.hasOwn(written, "scopes");
  if (isWritten && route.auth === "off" && route.scopes.length > 0)
    check.report(`${path}.scopes`, route.scopes, 'write auth: "required": no caller has scopes where none is authenticated');
}
