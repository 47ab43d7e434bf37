// Signs the calls of a Worker to services at URLs: who makes the call that it serves, and that this Worker makes the new one.
import type { HandlerContext } from "@connectrpc/connect";
import { isWorkerName } from "../../../core/auth/identity/actors.ts";
import { type IdentityKey, signingKey } from "../../../core/auth/identity/identity-keys.ts";
import { boundClaims, onwardClaims, type ProvenCall } from "../../../core/auth/identity/onward-claims.ts";
import { SignedTokens } from "../../../core/mesh/signed-tokens.ts";
import { PROVEN_CALLER, type ProvenCaller } from "../../service/identity/caller.ts";
import { encodeIdentity, type IdentityCryptoKey, importIdentityKey, signIdentity } from "../../service/identity/identity-token.ts";
import { privateKeys } from "../../service/identity/key-set.ts";

/** Identity of a Worker, with its signatures: one for each isolate. */
export interface WorkerIdentity {
  readonly name: string;
  /**
   * The value of the header `tidegate-identity` for one call. A promise only where it has to be signed, which waits for nothing outside the isolate.
   *
   * @param during   the served call, whose caller is stated; without it the call has no caller
   * @param audience full name of the called service
   * @param now      epoch ms
   */
  tokenFor(during: HandlerContext | undefined, audience: string, now: number): string | Promise<string>;
}

/**
 * The identity of this Worker, for `transportTo(url, { during: context, identity })`. Create it once for each isolate.
 *
 * ```ts
 * export default defineService(OrderService, (env: Env) => {
 *   const identity = workerIdentity("tidegate-orders", [env.IDENTITY_KEY_A, env.IDENTITY_KEY_B]);
 *   return orders(env.ORDER_STORE, (during) => createClient(UserService, transportTo(env.USERS_URL, { during, identity })));
 * });
 * ```
 *
 * @param name    as the called services list it in `identity.callers`; 1 to 256 characters
 * @param secrets keys of `tidegate identity new --worker FOLDER`: one, or two while they are rotated
 * @throws Error where the first one is missing, or one is no key
 */
export function workerIdentity(name: string, secrets: readonly (string | undefined)[]): WorkerIdentity {
  if (!isWorkerName(name)) throw new Error(`name of this Worker: found "${name}"; write 1 to 256 characters`);
  const keys = privateKeys(secrets);
  if (keys.length === 0) throw new Error('keys of this Worker: found none; make one by "tidegate identity new --worker FOLDER"');
  const tokens = new SignedTokens();
  const sign = signerOf(keys);
  return {
    name,
    tokenFor(during, audience, now) {
      const claims = onwardClaims(servedCall(during), name, audience, now);
      const facts = JSON.stringify({ ...claims, iat: 0, exp: 0 });
      const stored = tokens.find(facts, now);
      if (stored !== undefined) return stored;
      return sign(claims, now).then((text) => {
        tokens.store(facts, text, claims.exp * 1_000);
        return text;
      });
    },
  };
}

/** The header for a call over a service binding: without a signature, since the binding names this Worker. @returns undefined for no caller */
export function boundIdentity(during: HandlerContext | undefined): string | undefined {
  const proven = during?.values.get(PROVEN_CALLER);
  if (proven?.claims === undefined) return undefined;
  return proven.isFromGateway ? proven.payload : encodeIdentity(boundClaims(proven.claims, throughOf(proven)));
}

function servedCall(during: HandlerContext | undefined): ProvenCall | undefined {
  const proven = during?.values.get(PROVEN_CALLER);
  return proven === undefined ? undefined : { claims: proven.claims, through: throughOf(proven) };
}

function throughOf({ isFromGateway, from }: ProvenCaller): readonly string[] {
  return isFromGateway ? [] : [from.name, ...from.before];
}

function signerOf(keys: readonly IdentityKey[]): (claims: Parameters<typeof signIdentity>[0], now: number) => Promise<string> {
  const imported = new Map<string, IdentityCryptoKey>(); // keys: kid; set on first use
  return async (claims, now) => {
    const jwk = signingKey(keys, now);
    let key = imported.get(jwk.kid);
    if (key === undefined) {
      key = await importIdentityKey(jwk);
      imported.set(jwk.kid, key);
    }
    return signIdentity(claims, jwk.kid, key);
  };
}
