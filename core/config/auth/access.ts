// Settings of Cloudflare Access in front of the gateway.
import * as v from "valibot";
import { isPublicKeySet, type JwkSet } from "../../auth/jwt/public-key.ts";
import type { Checks } from "../problems.ts";
import { readBlock } from "../read.ts";
import { block, list, required, setting, text } from "../setting.ts";
import type { IssuerPolicy } from "./issuers.ts";

const TEAM_FIX = 'write the name of the team: "acme" of https://acme.cloudflareaccess.com';
const AUDIENCES_FIX = "write the audience tags (AUD) of the applications, at most 16";

export const ACCESS_SETTINGS = block({
  team: required(text(/^[a-z0-9][a-z0-9-]{0,62}$/, TEAM_FIX, "name"), "Team of Cloudflare Access, whose certificates sign.", TEAM_FIX),
  audiences: required(
    v.pipe(list(text(/^[\w-]{1,128}$/, AUDIENCES_FIX), 16, AUDIENCES_FIX, "texts"), v.minLength(1, AUDIENCES_FIX)),
    "Audience tags (AUD) of the Access applications in front of the gateway. An assertion for another application does not count.",
    AUDIENCES_FIX,
  ),
  jwks: setting(v.custom<JwkSet>(isPublicKeySet), undefined, "The certificates of the team, written here: for tests.", {
    shape: "`{ keys: [...] }`",
    shownDefault: "fetched from the team",
    fix: "write a JWK set with public keys: { keys: [...] }",
  }),
});

/** Access signs with RS256, and rotates its keys every six weeks. */
const FIXED = {
  algorithms: ["RS256"],
  types: ["jwt", "none"],
  skewSeconds: 5,
  refreshMs: 300_000,
  refetchMs: 30_000,
  maxStaleMs: 3_600_000,
};

/** @returns Access as an issuer: its assertions are JWTs */
export function parseAccess(check: Checks, path: string, value: unknown): IssuerPolicy | undefined {
  if (value === undefined) return undefined;
  const { team = "", audiences = [], jwks } = readBlock(check, path, ACCESS_SETTINGS, value);
  const issuer = `https://${team}.cloudflareaccess.com`;
  const source =
    jwks === undefined ? ({ kind: "jwks", url: `${issuer}/cdn-cgi/access/certs` } as const) : ({ kind: "written", jwks } as const);
  return { ...FIXED, issuer, audiences, source };
}
