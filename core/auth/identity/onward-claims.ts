// What a Worker states about the caller of the call that it serves, when it calls a further service.
import { actorOf } from "./actors.ts";
import { type IdentityClaims, MAX_LIFETIME_SECONDS } from "./identity-claims.ts";

/** What a Worker has proven about the call that it serves. */
export interface ProvenCall {
  readonly claims: IdentityClaims | undefined; // about the caller; undefined where none is proven
  readonly through: readonly string[]; // Workers that the call has come through before this one, the latest first
}

/**
 * The claims that a Worker signs. They hold for `MAX_LIFETIME_SECONDS` from now on: a stream may outlive the token by which its caller was proven.
 *
 * @param served   undefined for a call that is part of no served call
 * @param worker   name of the Worker
 * @param audience full name of the called service
 * @param now      epoch ms
 */
export function onwardClaims(served: ProvenCall | undefined, worker: string, audience: string, now: number): IdentityClaims {
  const iat = Math.floor(now / 1_000);
  const about = served?.claims ?? NO_CALLER;
  const act = actorOf([worker, ...(served?.through ?? [])])!;
  return { ...about, iss: worker, aud: audience, act, iat, exp: iat + MAX_LIFETIME_SECONDS };
}

const NO_CALLER = { kind: "anonymous" };

/** The claims that a Worker passes on over a service binding: the binding names the Worker itself, `act` those before it. */
export function boundClaims(claims: IdentityClaims, through: readonly string[]): IdentityClaims {
  const { act: _, ...about } = claims;
  const act = actorOf(through);
  return act === undefined ? about : { ...about, act };
}
