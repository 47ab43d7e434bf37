// The constant behind the verification of a JWT (ES256) that is not in the cache: each request verifies the signature.
import { principalOf } from "../../core/auth/jwt/claims.ts";
import { parseAuth } from "../../core/config/auth.ts";
import { checks } from "../../core/config/problems.ts";
import { AUTH, ISSUER, JWKS } from "../../test/support/callers.ts";
import { isFailure } from "../../workers/gateway/auth/authenticator.ts";
import { writtenKeys } from "../../workers/gateway/auth/jwt/key-set.ts";
import { VerifiedTokens } from "../../workers/gateway/auth/jwt/verified-tokens.ts";
import { type TokenIssuers, verifyToken } from "../../workers/gateway/auth/jwt/verify-token.ts";
import bare from "./bare.ts";

const [policy] = parseAuth(checks(), "auth", AUTH).issuers;
const issuers: TokenIssuers = new Map([[ISSUER, { policy: policy!, keys: writtenKeys(JWKS), principalOf }]]);
const NOTHING = new VerifiedTokens(0);

export default {
  async fetch(request: Request): Promise<Response> {
    const token = (request.headers.get("authorization") ?? "").slice("Bearer ".length);
    const now = Date.now();
    const proof = await verifyToken(token, issuers, NOTHING, now, now + 1_000);
    return isFailure(proof) ? new Response(proof.reason, { status: 401 }) : bare.fetch();
  },
};
