// Digest of long keys of buckets. Isolates and Durable Objects have to agree on a key, so there is no secret in it, and only a hash
// without known collisions keeps callers from choosing a key that is another caller's, too.
import { hexOf, sha256 } from "../auth/sha256.ts";

/** @returns the first 128 bits of the SHA-256 of `bytes`, 32 hex digits */
export function keyDigest(bytes: Uint8Array): string {
  return hexOf(sha256(bytes).subarray(0, 16));
}
