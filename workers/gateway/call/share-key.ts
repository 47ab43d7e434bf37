// The hash by which a caller's share of limits is counted in this isolate.
import { type HashSecret, keyedHash } from "../../../core/hash.ts";

let secret: HashSecret | undefined; // made with the first call: a Worker has no random numbers outside of a request

/** @param caller name or address @returns never 0; nobody outside of the isolate can find two callers that share it */
export function shareKeyOf(caller: string): number {
  secret ??= [...crypto.getRandomValues(new Uint32Array(2))] as unknown as HashSecret;
  return keyedHash(caller, secret) || 1;
}
