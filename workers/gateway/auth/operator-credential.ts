// Whether a header of Tidegate's own has the credential of an operator: the secret of the admin plane, or an API key with the role.
import { type AdminRole, adminRoleOf, isAtLeast } from "../../../core/auth/admin-role.ts";
import type { Principal } from "../../../core/auth/principal.ts";
import { addressKey } from "../../../core/ip.ts";
import { parseKey } from "../../../core/keys/api-key.ts";
import { Attempts } from "./attempts.ts";
import type { ApiKeys } from "./keys/api-keys.ts";

/**
 * Decides at once for all but API keys that this isolate does not hold. Text that has the form of no credential costs a comparison.
 *
 * @param text of the header
 */
export type OperatorCredential = (text: string, request: Request) => boolean | Promise<boolean>;

const KEY_WAIT_MS = 1_000; // longest wait for a key that the isolate does not hold
const NO_ROLES: ReadonlyMap<string, AdminRole> = new Map();

/**
 * @param secret of the admin plane; "" for none
 * @param keys   undefined where the configuration has none
 * @returns undefined where there is no such credential
 */
export function operatorCredential(secret: string, keys: ApiKeys | undefined): OperatorCredential | undefined {
  if (secret === "" && keys === undefined) return undefined;
  const expected = new TextEncoder().encode(secret);
  const attempts = new Attempts();
  return (text, request) => {
    if (secret !== "" && text.length === secret.length && isSame(text, expected)) return true;
    // The form comes first: nothing is hashed for text that is no key.
    if (keys === undefined || parseKey(text) === undefined) return false;
    const address = request.headers.get("cf-connecting-ip");
    const now = Date.now();
    const known = keys.known(text, address, now);
    if (known !== undefined) return isOperator(known);
    const network = addressKey(address);
    if (attempts.retryAfterMs(network, now) > 0) return false;
    const judge = (proof: Principal | object): boolean => {
      const isRight = "claims" in proof && isOperator(proof as Principal); // only principals have claims
      if (!isRight) attempts.count(network, now);
      return isRight;
    };
    const proof = keys.prove(text, address, now, KEY_WAIT_MS);
    return proof instanceof Promise ? proof.then(judge) : judge(proof);
  };
}

function isOperator(principal: Principal): boolean {
  const role = adminRoleOf(principal, undefined, NO_ROLES);
  return role !== undefined && isAtLeast(role, "operator");
}

/** Compares in constant time. */
function isSame(text: string, expected: Uint8Array): boolean {
  const sent = new TextEncoder().encode(text);
  return sent.byteLength === expected.byteLength && crypto.subtle.timingSafeEqual(sent, expected);
}
