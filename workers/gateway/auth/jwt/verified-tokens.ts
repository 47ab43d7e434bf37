// Tokens that have been verified, so that the same token costs no signature again.
import type { Principal } from "../../../../core/auth/principal.ts";
import type { IssuerKeys, KeySet } from "./key-set.ts";

export const CACHE_BYTES = 2_097_152; // an isolate has 128 MB
const ENTRY_BYTES = 1_024; // an entry beside its token: the principal, its claims as objects, and the map
const CHARACTER_BYTES = 6; // the text of a token, its claims decoded, and their objects

interface Verified {
  readonly principal: Principal;
  readonly keys: IssuerKeys;
  readonly kid: string | undefined;
  readonly identity: string; // names the keys that have verified it
  keySet: KeySet; // in which these keys were last seen
  readonly endsAt: number; // epoch ms: `exp`, without skew
}

/** At most `maxBytes`, estimated; the tokens that were not used for the longest time are dropped first. */
export class VerifiedTokens {
  readonly #maxBytes: number;
  readonly #tokens = new Map<string, Verified>(); // the last used one is the last
  #bytes = 0;

  constructor(maxBytes = CACHE_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#tokens.size;
  }

  /** @returns undefined also where the token has expired, or the keys of its issuer have changed or are too old */
  get(token: string, now: number): Principal | undefined {
    const verified = this.#tokens.get(token);
    if (verified === undefined) return undefined;
    if (now < verified.endsAt && isCurrent(verified, now)) {
      this.#tokens.delete(token);
      this.#tokens.set(token, verified);
      return verified.principal;
    }
    this.#drop(token);
    return undefined;
  }

  /** @param kid that the token names @param keySet that has verified it */
  add(token: string, principal: Principal, keys: IssuerKeys, kid: string | undefined, keySet: KeySet): void {
    const bytes = bytesOf(token);
    if (bytes > this.#maxBytes) return;
    if (this.#tokens.has(token)) this.#drop(token);
    for (const oldest of this.#tokens.keys()) {
      if (this.#bytes + bytes <= this.#maxBytes) break;
      this.#drop(oldest);
    }
    this.#bytes += bytes;
    this.#tokens.set(token, { principal, keys, kid, identity: keySet.identityOf(kid), keySet, endsAt: principal.expiresAt });
  }

  #drop(token: string): void {
    if (this.#tokens.delete(token)) this.#bytes -= bytesOf(token);
  }
}

function bytesOf(token: string): number {
  return ENTRY_BYTES + CHARACTER_BYTES * token.length;
}

/** A verification ends with its key: that has to be among the keys as they are now. */
function isCurrent(verified: Verified, now: number): boolean {
  const keySet = verified.keys.current(now);
  if (keySet === undefined) return false;
  if (keySet !== verified.keySet && keySet.identityOf(verified.kid) !== verified.identity) return false;
  verified.keySet = keySet;
  return true;
}
