// The public keys of a Worker, at the address where services look for them.
import { type IdentityKey, publishedKey, readIdentityKey } from "../../../core/auth/identity/identity-keys.ts";

/** The same path as that of a gateway's keys. */
export const KEY_SET_PATH = "/.well-known/tidegate/jwks.json";
const MAX_AGE_SECONDS = 300; // a rotated key signs later than this after it is public

/**
 * Reads the private keys of a Worker.
 *
 * @param secrets the first one is needed; the second one is there while keys are rotated
 * @throws Error where one is no key; its text is not in the message
 */
export function privateKeys(secrets: readonly (string | undefined)[]): readonly IdentityKey[] {
  return secrets.flatMap((secret, index) => {
    if (secret === undefined && index > 0) return [];
    const key = secret === undefined ? undefined : parsed(secret);
    if (key !== undefined) return [key];
    const found = secret === undefined ? "no secret" : "a text that is no private Ed25519 key with kid and from";
    throw new Error(`key ${index + 1} of this Worker: found ${found}; make one by "tidegate identity new --worker FOLDER"`);
  });
}

/** @returns serves the set of public keys to GET and HEAD */
export function keySetRoute(keys: readonly IdentityKey[]): (request: Request) => Response {
  const body = JSON.stringify({ keys: keys.map(publishedKey) });
  const headers = {
    "content-type": "application/jwk-set+json",
    "cache-control": `public, max-age=${MAX_AGE_SECONDS}`,
    "x-content-type-options": "nosniff",
  };
  return ({ method }) => {
    if (method !== "GET" && method !== "HEAD") return new Response(null, { status: 405, headers: { Allow: "GET, HEAD" } });
    return new Response(method === "GET" ? body : null, { headers });
  };
}

function parsed(secret: string): IdentityKey | undefined {
  try {
    return readIdentityKey(JSON.parse(secret));
  } catch {
    return undefined;
  }
}
