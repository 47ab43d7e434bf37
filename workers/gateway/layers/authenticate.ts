// Proves who calls, by the one credential that a call brings, and refuses what is not proven. Sets `call.principal`.
import { limitsAddresses } from "../../../core/auth/address-lists.ts";
import type { Principal } from "../../../core/auth/principal.ts";
import { type AuthFailure, unauthenticated } from "../../../core/auth/refusal.ts";
import { isSubset } from "../../../core/auth/scopes.ts";
import type { AddressPolicy } from "../../../core/config/auth/addresses.ts";
import type { RouteAuthPolicy } from "../../../core/config/auth.ts";
import { type Authenticator, type Credential, isFailure, type Proof } from "../auth/authenticator.ts";
import { countFailure, type RefusalParts, refuse } from "../auth/refuse.ts";
import { Enforcer } from "../call/enforcer.ts";
import type { Layer } from "../call/layer.ts";
import type { Call } from "../call.ts";

/** What all routes share. */
export interface AuthenticateParts extends RefusalParts {
  readonly authenticators: readonly Authenticator[];
}

export interface RouteAuth extends RouteAuthPolicy {
  readonly scopes: readonly string[]; // all of which the principal has to have
}

interface RouteGuards {
  readonly addresses: AddressPolicy;
  readonly allow: { readonly mode: string } | undefined;
}

/** Whether the calls of a route are authenticated. */
function authenticates({ authenticators }: Pick<AuthenticateParts, "authenticators">, { auth, authEnforcement }: RouteAuthPolicy): boolean {
  if (authEnforcement.mode === "off") return false;
  return auth === "required" || (auth === "optional" && authenticators.length > 0);
}

/** Whether a call has to be looked at before it gets anything: a stored response, too. */
export function isGuarded(parts: Pick<AuthenticateParts, "authenticators">, route: RouteAuth & RouteGuards): boolean {
  const { addresses, allow } = route;
  if (authenticates(parts, route) || (addresses.mode !== "off" && limitsAddresses(addresses))) return true;
  return allow !== undefined && allow.mode !== "off";
}

/** @returns undefined where calls of the route are not authenticated */
export function authenticate(parts: AuthenticateParts, route: RouteAuth): Layer | undefined {
  if (!authenticates(parts, route)) return undefined;
  const enforcer = new Enforcer("auth", "", route.authEnforcement);
  return (next) => (call) => {
    const proof = proofOf(parts, call, Date.now());
    const admit = (settled: Proof | undefined) => {
      call.trace?.note("authenticate", { auth: route.auth, scopes: route.scopes });
      call.principal = admitted(parts, route, enforcer, call, settled);
      call.trace?.note("authenticate", { principal: call.principal?.kind ?? "anonymous" });
      return next(call);
    };
    return proof instanceof Promise ? proof.then(admit) : admit(proof);
  };
}

/** @returns undefined for a call without a credential */
function proofOf({ authenticators, failures }: AuthenticateParts, call: Call, now: number): Proof | undefined | Promise<Proof> {
  let by: Authenticator | undefined;
  let credential: Credential | undefined;
  let isRead = call.received.authorization === null;
  for (const authenticator of authenticators) {
    if (by !== undefined && authenticator.isAmbient === true) continue;
    const candidate = authenticator.find(call);
    if (candidate === undefined) continue;
    if (by !== undefined) return unauthenticated("two_credentials");
    [by, credential] = [authenticator, candidate];
    isRead ||= authenticator.readsAuthorization;
  }
  if (!isRead && authenticators.some(({ readsAuthorization }) => readsAuthorization))
    return unauthenticated(/^Bearer\b/i.test(call.received.authorization ?? "") ? "credential_malformed" : "credential_scheme");
  if (by === undefined || credential === undefined) return undefined;
  const known = by.known?.(credential, call, now);
  if (known !== undefined) return known;
  const retryAfterMs = failures.retryAfterMs(call.caller.network, now);
  if (retryAfterMs > 0) return { kind: "unauthenticated", reason: "too_many_failures", retryAfterMs };
  return by.prove(credential, call, now);
}

/**
 * Where a failure is only reported, the call goes on as an anonymous one; a caller that only lacks a scope stays who it is.
 *
 * @returns the principal, undefined for an anonymous call @throws Rejected where the call may not pass
 */
function admitted(
  parts: AuthenticateParts,
  route: RouteAuth,
  enforcer: Enforcer,
  call: Call,
  proof: Proof | undefined,
): Principal | undefined {
  const failure = failureOf(route, proof);
  if (failure === undefined) enforcer.allowed(call);
  else if (enforcer.refuses(call, failure.reason)) refuse(parts, call, failure);
  else countFailure(parts, call, failure, Date.now());
  return proof === undefined || isFailure(proof) ? undefined : proof;
}

/** @returns undefined where the call may pass */
function failureOf({ auth, scopes }: RouteAuth, proof: Proof | undefined): AuthFailure | undefined {
  if (proof === undefined) return auth === "required" || scopes.length > 0 ? unauthenticated("credential_missing") : undefined;
  if (isFailure(proof)) return proof;
  return isSubset(scopes, proof.scopes) ? undefined : { kind: "permission_denied", reason: "scope_missing", scopes };
}
