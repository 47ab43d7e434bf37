// Proves who calls, by the one credential that a call brings, and refuses what is not proven. Sets `call.principal`.
import { type AddressLists, limitsAddresses } from "../../../core/auth/address-lists.ts";
import type { Principal } from "../../../core/auth/principal.ts";
import { unauthenticated } from "../../../core/auth/refusal.ts";
import { isSubset } from "../../../core/auth/scopes.ts";
import type { AuthMode } from "../../../core/config/auth.ts";
import { type Authenticator, type Credential, isFailure, type Proof } from "../auth/authenticator.ts";
import { type RefusalParts, refuse } from "../auth/refuse.ts";
import type { Layer } from "../call/layer.ts";
import type { Call } from "../call.ts";

/** What all routes share. */
export interface AuthenticateParts extends RefusalParts {
  readonly authenticators: readonly Authenticator[];
}

export interface RouteAuth {
  readonly auth: AuthMode;
  readonly scopes: readonly string[]; // all of which the principal has to have
}

interface RouteGuards {
  readonly addresses: AddressLists;
  readonly allow: object | undefined;
}

/** Whether the calls of a route are authenticated. */
function authenticates({ authenticators }: Pick<AuthenticateParts, "authenticators">, { auth }: Pick<RouteAuth, "auth">): boolean {
  return auth === "required" || (auth === "optional" && authenticators.length > 0);
}

/** Whether a call has to be looked at before it gets anything: a stored response, too. */
export function isGuarded(parts: Pick<AuthenticateParts, "authenticators">, route: RouteAuth & RouteGuards): boolean {
  return authenticates(parts, route) || limitsAddresses(route.addresses) || route.allow !== undefined;
}

/** @returns undefined where calls of the route are not authenticated */
export function authenticate(parts: AuthenticateParts, route: RouteAuth): Layer | undefined {
  if (!authenticates(parts, route)) return undefined;
  return (next) => (call) => {
    const proof = proofOf(parts, call, Date.now());
    const admit = (settled: Proof | undefined) => {
      call.principal = admitted(parts, route, call, settled);
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

/** @returns the principal, undefined for an anonymous call @throws Rejected where the call may not pass */
function admitted(parts: AuthenticateParts, { auth, scopes }: RouteAuth, call: Call, proof: Proof | undefined): Principal | undefined {
  if (proof === undefined) {
    if (auth === "required" || scopes.length > 0) refuse(parts, call, unauthenticated("credential_missing"));
    return undefined;
  }
  if (isFailure(proof)) refuse(parts, call, proof);
  if (!isSubset(scopes, proof.scopes)) refuse(parts, call, { kind: "permission_denied", reason: "scope_missing", scopes });
  return proof;
}
