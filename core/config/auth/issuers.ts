// Settings of the issuers whose JWTs prove callers: which tokens of each count, and where its keys come from.
import * as v from "valibot";
import { isKeyUrl, isPublicKeySet, type JwkSet } from "../../auth/jwt/public-key.ts";
import { type Checks, join } from "../problems.ts";
import { readBlock } from "../read.ts";
import { block, choice, type InputOf, list, type PolicyOf, setting, text, whole } from "../setting.ts";

/** Asymmetric ones only: who can verify an HMAC can make one. */
const ALGORITHMS = ["EdDSA", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"] as const;
const AUDIENCES_FIX = 'write what the tokens are for, at most 16 values: ["https://api.example.com"]';
const TYPES_FIX = 'write values of "typ", at most 8: ["JWT", "at+jwt"], or "none" for tokens without one';
const URL_FIX = "write an https URL without user, query and fragment; http only for this machine";
const KEYS_FIX = "write a JWK set with public keys of kty EC, OKP or RSA, at most 64: { keys: [...] }";

const jwks = v.custom<JwkSet>(isPublicKeySet);

/** What tokens are held to, for issuers and for Cloudflare Access. */
export const ISSUER_SETTINGS = block({
  audiences: setting(
    list(v.pipe(v.string(), v.minLength(1), v.maxLength(512)), 16, AUDIENCES_FIX, "texts"),
    undefined,
    "Values of `aud`; a token has to name one of them.",
    { shownDefault: "`auth.resource.url`; required without it" },
  ),
  algorithms: setting(
    v.pipe(
      list(choice(ALGORITHMS), ALGORITHMS.length, `write algorithms in a list: ${ALGORITHMS.join(", ")}`, "names of algorithms"),
      v.minLength(1, "name at least one algorithm"),
    ),
    ["ES256", "RS256", "EdDSA"],
    "Algorithms (`alg`) that this issuer signs with. No other one is verified, whatever a token says.",
  ),
  types: setting(
    v.pipe(
      list(text(/^[\w.+/-]{1,64}$/, TYPES_FIX), 8, TYPES_FIX, "texts"),
      v.transform((types) => types.map(typeName)),
    ),
    ["JWT", "at+jwt"],
    'Values of `typ` that count, in any case and with or without `application/`; `"none"` for tokens that have none.',
    { fix: TYPES_FIX, shape: "texts" },
  ),
  skewSeconds: setting(whole(0, 30, "s"), 5, "How far the clock of the issuer may be off, for `exp`, `nbf` and `iat`."),
  jwks: setting(jwks, undefined, "The public keys, written here: for tests and for issuers without a URL. They never go stale.", {
    shape: "`{ keys: [...] }`",
    shownDefault: "fetched",
    fix: KEYS_FIX,
  }),
  jwksUrl: setting(v.pipe(v.string(URL_FIX), v.check(isKeyUrl, URL_FIX)), undefined, "URL of the public keys.", {
    shape: "https URL",
    shownDefault: "`jwks_uri` of `discoveryUrl`",
  }),
  discoveryUrl: setting(
    v.pipe(v.string(URL_FIX), v.check(isKeyUrl, URL_FIX)),
    undefined,
    "URL of the metadata of the issuer (OpenID Connect Discovery, RFC 8414), whose `issuer` has to be equal to this one, byte for byte.",
    { shape: "https URL", shownDefault: "`<issuer>/.well-known/openid-configuration`" },
  ),
  refreshSeconds: setting(whole(10, 86_400, "s"), 300, "Age of the keys after which the relay of the region fetches them again."),
  refetchSeconds: setting(
    whole(1, 3_600, "s"),
    30,
    "Shortest time between two fetches, also where tokens name keys that are not known, and after a failed one.",
  ),
  maxStaleSeconds: setting(
    whole(60, 604_800, "s"),
    3_600,
    "Age of the keys after which they count no longer: from then on calls with tokens of this issuer get `unavailable`.",
  ),
});

export type IssuersInput = Readonly<Record<string, InputOf<typeof ISSUER_SETTINGS>>>;
type Read = PolicyOf<typeof ISSUER_SETTINGS>;

/** Where the keys of an issuer come from. */
export type JwksSource =
  | { readonly kind: "written"; readonly jwks: JwkSet }
  | { readonly kind: "jwks"; readonly url: string }
  | { readonly kind: "discovery"; readonly url: string };

export interface IssuerPolicy {
  readonly issuer: string; // equal to `iss` of its tokens
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  readonly types: readonly string[]; // in the form of `typeName`
  readonly skewSeconds: number;
  readonly source: JwksSource;
  readonly refreshMs: number;
  readonly refetchMs: number;
  readonly maxStaleMs: number;
}

/** @param typ value of `typ` @returns it in lower case, without `application/` @see RFC 7515, section 4.1.9 */
export function typeName(typ: string): string {
  return typ.toLowerCase().replace(/^application\/(?=[^/]+$)/, "");
}

/** @param resource the URL of the gateway as a protected resource, whose tokens name it as audience */
export function parseIssuers(check: Checks, path: string, value: unknown, resource: string | undefined): readonly IssuerPolicy[] {
  return check.entries(path, value).map(([issuer, settings]) => {
    const at = join(path, issuer);
    if (!isIssuer(issuer)) check.report(at, issuer, 'name it as "iss" of its tokens does, at most 200 printable characters without spaces');
    return issuerPolicy(check, at, issuer, readBlock(check, at, ISSUER_SETTINGS, settings), resource);
  });
}

function issuerPolicy(check: Checks, path: string, issuer: string, read: Read, resource: string | undefined): IssuerPolicy {
  const { jwks: written, jwksUrl, discoveryUrl, refreshSeconds, refetchSeconds, maxStaleSeconds } = read;
  const audiences = read.audiences ?? (resource === undefined ? [] : [resource]);
  if (audiences.length === 0) check.report(`${path}.audiences`, read.audiences, AUDIENCES_FIX);
  if ([written, jwksUrl, discoveryUrl].filter((one) => one !== undefined).length > 1)
    check.report(path, "several sources of keys", "write one of jwks, jwksUrl and discoveryUrl");
  if (written === undefined && jwksUrl === undefined && discoveryUrl === undefined && !isKeyUrl(issuer))
    check.report(path, issuer, "write jwks, jwksUrl or discoveryUrl: the issuer is no URL from which its keys can be found");
  if (maxStaleSeconds < refreshSeconds)
    check.report(`${path}.maxStaleSeconds`, maxStaleSeconds, `write at least ${refreshSeconds}, which is refreshSeconds`);
  return {
    issuer,
    audiences,
    algorithms: read.algorithms,
    types: read.types,
    skewSeconds: read.skewSeconds,
    source: sourceOf(issuer, written, jwksUrl, discoveryUrl),
    refreshMs: refreshSeconds * 1_000,
    refetchMs: refetchSeconds * 1_000,
    maxStaleMs: maxStaleSeconds * 1_000,
  };
}

function sourceOf(issuer: string, written: JwkSet | undefined, jwksUrl: string | undefined, discoveryUrl: string | undefined): JwksSource {
  if (written !== undefined) return { kind: "written", jwks: written };
  if (jwksUrl !== undefined) return { kind: "jwks", url: jwksUrl };
  return { kind: "discovery", url: discoveryUrl ?? `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration` };
}

function isIssuer(issuer: string): boolean {
  return /^[\x21-\x7e]{1,200}$/.test(issuer);
}
