// States to services who makes a call: signed over URLs, and as it is over service bindings.
import { identityClaims, MAX_LIFETIME_SECONDS } from "../../../../core/auth/identity/identity-claims.ts";
import { type IdentityKey, publishedKey, signingKey } from "../../../../core/auth/identity/identity-keys.ts";
import type { Principal } from "../../../../core/auth/principal.ts";
import type { IdentityPolicy } from "../../../../core/config/auth/identity.ts";
import { reasonField } from "../../../../core/reasons.ts";
import { encodeIdentity, type IdentityCryptoKey, importIdentityKey, signIdentity } from "../../../service/identity/identity-token.ts";

/** A token is used until so much of its time is left: its call may wait on its way. */
const MIN_LEFT_MS = 20_000;
/** Tokens of an isolate, all services and callers together. The one that has not been used for longest goes first. */
export const MAX_TOKEN_BYTES = 2_097_152;
const ENTRY_BYTES = 256; // estimate; the map
const JWKS_SECONDS = 300; // a rotated key signs later than this after it is public

interface Token {
  readonly text: string;
  readonly principal: Principal | undefined;
  readonly claims: string; // what it states, without its times
  readonly bytes: number;
  readonly until: number; // epoch ms
}

export class GatewayIdentity {
  readonly #policy: IdentityPolicy;
  readonly #keys: readonly IdentityKey[];
  readonly #imported = new Map<string, IdentityCryptoKey>(); // keys: kid; set on first use
  readonly #tokens = new Map<string, Token>(); // the one used last is at the end
  #bytes = 0;

  /** @param keys of `policy.keyBindings`; none where services at URLs get no identity */
  constructor(policy: IdentityPolicy, keys: readonly IdentityKey[]) {
    this.#policy = policy;
    this.#keys = keys;
  }

  /**
   * The value of the header for one call. A promise only where a token has to be signed, which waits for nothing outside the isolate.
   *
   * @param principal undefined for a caller without a credential
   * @param audience  full name of the service
   * @param isBinding the call goes over a service binding, whose `props` name this gateway
   * @param now       epoch ms
   * @returns undefined where the gateway has no keys and the call goes to a URL
   */
  headerFor(principal: Principal | undefined, audience: string, isBinding: boolean, now: number): string | Promise<string> | undefined {
    if (!isBinding && this.#keys.length === 0) return undefined;
    const key = `${isBinding ? "b" : "u"} ${audience} ${principal?.id ?? ""}`;
    const cached = this.#tokens.get(key);
    if (cached !== undefined && now < cached.until && this.#states(cached, principal, audience, now)) {
      this.#tokens.delete(key);
      this.#tokens.set(key, cached);
      return cached.text;
    }
    const claims = identityClaims(principal, this.#policy.name, audience, this.#policy.claims, now);
    const until = claims.exp * 1_000 - MIN_LEFT_MS;
    const keep = (text: string): string => {
      this.#store(key, { text, principal, claims: factsOf(claims), bytes: 2 * (text.length + key.length) + ENTRY_BYTES, until });
      return text;
    };
    return isBinding ? keep(encodeIdentity(claims)) : this.#sign(claims, now).then(keep);
  }

  /** The public keys, for services. */
  keySet(): Response {
    const body = JSON.stringify({ keys: this.#keys.map(publishedKey) });
    const headers = {
      "content-type": "application/jwk-set+json",
      "cache-control": `public, max-age=${JWKS_SECONDS}`,
      "x-content-type-options": "nosniff",
      ...reasonField("document"),
    };
    return new Response(body, { headers });
  }

  async #sign(claims: Parameters<typeof signIdentity>[0], now: number): Promise<string> {
    const jwk = signingKey(this.#keys, now);
    let key = this.#imported.get(jwk.kid);
    if (key === undefined) {
      key = await importIdentityKey(jwk);
      this.#imported.set(jwk.kid, key);
    }
    return signIdentity(claims, jwk.kid, key);
  }

  /** Whether a token says of a principal what is true of it now: an API key may have got other scopes. */
  #states(token: Token, principal: Principal | undefined, audience: string, now: number): boolean {
    if (token.principal === principal) return true;
    return factsOf(identityClaims(principal, this.#policy.name, audience, this.#policy.claims, now)) === token.claims;
  }

  #store(key: string, token: Token): void {
    this.#bytes += token.bytes - (this.#tokens.get(key)?.bytes ?? 0);
    this.#tokens.delete(key);
    this.#tokens.set(key, token);
    for (const [oldest, { bytes }] of this.#tokens) {
      if (this.#bytes <= MAX_TOKEN_BYTES) return;
      this.#tokens.delete(oldest);
      this.#bytes -= bytes;
    }
  }
}

/** What claims state, whenever they were made. */
function factsOf(claims: ReturnType<typeof identityClaims>): string {
  return JSON.stringify({ ...claims, iat: 0, exp: 0 });
}

/** Where the keys are, at every host of the gateway. */
export const KEY_SET_PATH = "/.well-known/tidegate/jwks.json";

/** Longest time between the publication of a key and its use by a gateway whose secret has been set, s. */
export const MIN_ROTATION_SECONDS = JWKS_SECONDS + MAX_LIFETIME_SECONDS;
