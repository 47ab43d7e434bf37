// Who makes the call that a service handles, as its gateway has proven it.
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

/** A caller with the text by which a further service learns of it. */
export interface ProvenCaller {
  readonly caller: ServiceCaller;
  readonly payload: string; // base64url
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

export function callerFrom({ kind, sub, scopes, issuer, subject, owner, plan, claims }: IdentityClaims): ServiceCaller {
  return { kind, id: sub ?? "", scopes: scopes ?? [], issuer, subject, owner, plan, claims: claims ?? {} };
}

/** The values of a call's context. @param caller undefined where the service proves none */
export function valuesOf(caller: ProvenCaller | undefined): ContextValues {
  const values = createContextValues();
  return caller === undefined ? values : values.set(PROVEN_CALLER, caller);
}
