// Proves callers that have come through Cloudflare Access: by `ctx.access` where the platform gives it, else by the assertion in a header.
import { accessPrincipalOf } from "../../../core/auth/jwt/claims.ts";
import { unauthenticated } from "../../../core/auth/refusal.ts";
import type { Authenticator, CallHead, Credential, Proof } from "./authenticator.ts";
import { isFailure } from "./authenticator.ts";
import { type AccessContext, accessOf, isFromEdge } from "./edge.ts";
import { writtenKeys } from "./jwt/key-set.ts";
import { isCompactToken, readToken } from "./jwt/read-token.ts";
import { VerifiedTokens } from "./jwt/verified-tokens.ts";
import { type TokenIssuer, verifyToken } from "./jwt/verify-token.ts";

interface Assertion extends Credential {
  readonly context: AccessContext | undefined;
}

const IDENTITY_MS = 2_000; // longest time that a call waits for the platform
const NO_KEYS = writtenKeys({ keys: [] }); // nothing that the platform says ends with a key

export function accessAuthenticator(issuer: TokenIssuer, verified = new VerifiedTokens()): Authenticator<Assertion> {
  const { policy } = issuer;
  const issuers = new Map([[policy.issuer, issuer]]);
  return {
    name: "access",
    readsAuthorization: false,
    find({ request, received }: CallHead): Assertion | undefined {
      const context = accessOf(request);
      if (context !== undefined) return { text: received.access ?? "", context };
      return received.access !== null && isFromEdge(request) ? { text: received.access, context } : undefined;
    },
    known: ({ text, context }, _, now) => (isPinned(context, policy.audiences) ? verified.get(text, now) : undefined),
    prove({ text, context }, { deadlineAt }, now): Proof | Promise<Proof> {
      if (!isPinned(context, policy.audiences)) return unauthenticated("access_audience");
      const known = verified.get(text, now);
      if (known !== undefined) return known;
      if (context !== undefined) return identify(context, text, policy.issuer, verified, Math.min(now + IDENTITY_MS, deadlineAt) - now);
      return isCompactToken(text) ? verifyToken(text, issuers, verified, now, deadlineAt) : unauthenticated("jwt_malformed");
    },
  };
}

function isPinned(context: AccessContext | undefined, audiences: readonly string[]): boolean {
  return context === undefined || audiences.includes(context.aud);
}

/** Requests the identity from the platform. Where the call brings its assertion, the response holds for it until it expires. */
async function identify(
  context: AccessContext,
  assertion: string,
  issuer: string,
  verified: VerifiedTokens,
  waitMs: number,
): Promise<Proof> {
  const over = new AbortController();
  try {
    const late = scheduler.wait(Math.max(0, waitMs), { signal: over.signal }).then(() => Promise.reject(new Error("no identity in time")));
    const identity = await Promise.race([context.getIdentity(), late]);
    const payload = isCompactToken(assertion) ? (readToken(assertion)?.payload ?? {}) : {};
    const proof = principalIn(identity, payload, issuer);
    if (!isFailure(proof) && Number.isFinite(proof.expiresAt)) verified.add(assertion, proof, NO_KEYS, undefined, NO_KEYS.current(0)!);
    return proof;
  } catch {
    return { kind: "unavailable", reason: "access_unavailable" };
  } finally {
    over.abort();
  }
}

/** @param payload of the assertion that came with the call, which the platform has verified */
function principalIn(
  identity: Readonly<Record<string, unknown>> | undefined,
  payload: Readonly<Record<string, unknown>>,
  issuer: string,
): Proof {
  const { exp } = payload;
  const subject = identity === undefined ? payload["sub"] : (identity["user_uuid"] ?? payload["sub"] ?? identity["email"]);
  const claims = { ...payload, ...identity, sub: subject ?? "", exp: typeof exp === "number" ? exp : Number.POSITIVE_INFINITY };
  const principal = accessPrincipalOf(claims, issuer);
  return typeof principal === "string" ? unauthenticated("access_identity") : principal;
}
