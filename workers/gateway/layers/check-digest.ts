// Compares the body of a signed request with the digest that its signature covers, before the upstream gets any byte of it.
import type { Digest } from "../../../core/auth/signature/content-digest.ts";
import type { Enforcement } from "../../../core/config/enforcement.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import { type RefusalParts, refuse } from "../auth/refuse.ts";
import { Enforcer } from "../call/enforcer.ts";
import type { Handler, Layer } from "../call/layer.ts";
import type { RequestBody } from "../call/outgoing.ts";
import type { Call } from "../call.ts";

interface DigestParts extends RefusalParts {
  readonly digest: Enforcement;
  readonly authenticators: readonly Pick<Authenticator, "name">[];
}

const EMPTY = new Uint8Array();
const MISMATCH = "signature_digest_mismatch";

/** `limit-body` has read the body of such a call whole. @returns undefined where no requests are signed */
export function checkDigest(parts: DigestParts): Layer | undefined {
  if (parts.digest.mode === "off" || !parts.authenticators.some(({ name }) => name === "signature")) return undefined;
  const enforcer = new Enforcer("digest", "", parts.digest);
  return (next) => (call) => (call.digests === undefined ? next(call) : checked(parts, enforcer, next, call, call.digests));
}

async function checked(parts: DigestParts, enforcer: Enforcer, next: Handler, call: Call, digests: readonly Digest[]): Promise<Response> {
  if (await areDigestsOf(digests, call.outgoing.body)) enforcer.allowed(call);
  else if (enforcer.refuses(call, MISMATCH)) refuse(parts, call, { kind: "unauthenticated", reason: MISMATCH });
  else call.principal = undefined; // nothing below takes the body for one of the signer
  return next(call);
}

/** A body that is a stream has not been read, so nothing is known of it. */
async function areDigestsOf(digests: readonly Digest[], body: RequestBody): Promise<boolean> {
  if (body instanceof ReadableStream) return false;
  for (const { algorithm, value } of digests) {
    const computed = new Uint8Array(await crypto.subtle.digest(algorithm, body ?? EMPTY));
    if (!computed.every((byte, at) => byte === value[at])) return false;
  }
  return true;
}
