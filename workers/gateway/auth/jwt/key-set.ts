// The public keys of an issuer, ready to verify, and where they come from.
import { createLocalJWKSet, type JWTVerifyGetKey } from "jose";
import type { Jwk, JwkSet } from "../../../../core/auth/jwt/public-key.ts";

/** One version of the keys of an issuer. */
export class KeySet {
  readonly resolve: JWTVerifyGetKey;
  readonly #keys: readonly Jwk[];

  constructor(jwks: JwkSet) {
    this.#keys = jwks.keys;
    this.resolve = createLocalJWKSet({ keys: jwks.keys.map((key) => ({ ...key })) });
  }

  /** Whether a token may be signed with one of these keys, by the key that it names. @param kid undefined where it names none */
  has(kid: string | undefined): boolean {
    return kid === undefined || this.#keys.some((key) => key.kid === kid);
  }

  /** The keys that a token with this `kid` is verified with: two sets with the same ones give the same decision. */
  identityOf(kid: string | undefined): string {
    return JSON.stringify(kid === undefined ? this.#keys : this.#keys.filter((key) => key.kid === kid));
  }
}

/** The keys of an issuer as an isolate knows them. */
export interface IssuerKeys {
  /** @returns undefined where none are known, or where they are too old to count */
  current(now: number): KeySet | undefined;
  /**
   * Requests keys that are missing.
   *
   * @param kid        the key that a token names; undefined where no keys are known at all
   * @param deadlineAt epoch ms at which the call ends
   * @returns what ends when they may be known, and never rejects; undefined where waiting is of no use
   */
  request(kid: string | undefined, now: number, deadlineAt: number): Promise<void> | undefined;
}

/** Keys that stand in the configuration. */
export function writtenKeys(jwks: JwkSet): IssuerKeys {
  const keys = new KeySet(jwks);
  return { current: () => keys, request: () => undefined };
}
