// Who makes the call that a service handles, and through which Worker it has come, as that is proven.
import { type ContextKey, type ContextValues, createContextKey, createContextValues, type HandlerContext } from "@connectrpc/connect";
import type { IdentityClaims } from "../../../core/auth/identity/identity-claims.ts";

export interface ServiceCaller {
  /** `anonymous` came through the gateway without a credential. */
  readonly kind: string;
  /** Unique among all callers: `https://issuer.example#subject`, `key:...`. Empty for `anonymous`. At most 2,048 characters. */
  readonly id: string;
  readonly scopes: readonly string[];
  readonly issuer: string | undefined; // the caller's token has it
  readonly subject: string | undefined; // `sub` of the caller's token
  readonly owner: string | undefined; // the caller's API key has it
  readonly plan: string | undefined; // the caller's API key has it
  /** Claims of the caller's token that `auth.identity.claims` of the gateway lists. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The gateway or the Worker that has sent the call. */
export interface CallingService {
  /** As in `identity.gateway` and `identity.callers`. */
  readonly name: string;
  /** Workers that the call came through before, the latest first, at most 15. `name` states them; nothing else proves them. */
  readonly before: readonly string[];
}

/** A caller with what a further service learns of it. */
export interface ProvenCaller {
  readonly caller: ServiceCaller;
  readonly from: CallingService;
  readonly isFromGateway: boolean;
  readonly claims: IdentityClaims | undefined; // undefined for a call over a binding that names no caller
  readonly payload: string; // `claims` as they were received, base64url; empty where there are none
}

/** Undefined where the service has no `identity`. */
export const PROVEN_CALLER: ContextKey<ProvenCaller | undefined> = createContextKey<ProvenCaller | undefined>(undefined, {
  description: "caller proven by the gateway",
});

/**
 * Who makes the call. Only for services with the option `identity`: without it nothing is proven.
 *
 * @returns undefined where the service has no `identity`
 */
export function callerOf({ values }: Pick<HandlerContext, "values">): ServiceCaller | undefined {
  return values.get(PROVEN_CALLER)?.caller;
}

/**
 * Which Worker, or which gateway, has sent the call: by the `props` of its service binding, or by its signature.
 *
 * @returns undefined where the service has no `identity`, and for calls that prove nothing (`required: false`)
 */
export function callingServiceOf({ values }: Pick<HandlerContext, "values">): CallingService | undefined {
  return values.get(PROVEN_CALLER)?.from;
}

export function callerFrom({ kind, sub, scopes, issuer, subject, owner, plan, claims }: IdentityClaims): ServiceCaller {
  return { kind, id: sub ?? "", scopes: scopes ?? [], issuer, subject, owner, plan, claims: claims ?? {} };
}

/** The values of a call's context. @param caller undefined where the service proves none */
export function valuesOf(caller: ProvenCaller | undefined): ContextValues {
  const values = createContextValues();
  return caller === undefined ? values : values.set(PROVEN_CALLER, caller);
}
