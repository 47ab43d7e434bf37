// Identity in a configuration: what it needs of the Worker.
import type { AuthPolicy } from "../../../core/config/auth.ts";
import { join, type Problem } from "../../../core/config/problems.ts";
import type { Bindings } from "../upstream/destination.ts";

/** @param env of the Worker */
export function authProblems({ issuers, access }: AuthPolicy, env: Bindings): Problem[] {
  if (env["RELAY"] !== undefined) return [];
  const listed = issuers.map((policy) => [join("auth.issuers", policy.issuer), policy] as const);
  const all = access === undefined ? listed : [...listed, ["auth.access", access] as const];
  const fetched = all.filter(([, { source }]) => source.kind !== "written");
  const fix = "bind the Durable Object class Relay as RELAY in wrangler.toml: it fetches the keys; or write jwks";
  return fetched.map(([path]) => ({ path, found: "no binding RELAY", fix }));
}
