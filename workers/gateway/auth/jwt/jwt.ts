// Proves callers by JWTs: `Authorization: Bearer` with a token of a configured issuer.

import type { Authenticator, CallHead, Credential, Proof } from "../authenticator.ts";
import { bearerIn } from "../bearer-in.ts";
import { isCompactToken } from "./read-token.ts";
import { VerifiedTokens } from "./verified-tokens.ts";
import { type TokenIssuers, verifyToken } from "./verify-token.ts";

export function jwtAuthenticator(issuers: TokenIssuers, verified = new VerifiedTokens()): Authenticator {
  return {
    name: "jwt",
    readsAuthorization: true,
    find({ received }: CallHead): Credential | undefined {
      const token = bearerIn(received.authorization);
      return token !== undefined && isCompactToken(token) ? { text: token } : undefined;
    },
    known: ({ text }, _, now) => verified.get(text, now),
    prove({ text }, { deadlineAt }, now): Proof | Promise<Proof> {
      return verified.get(text, now) ?? verifyToken(text, issuers, verified, now, deadlineAt);
    },
  };
}
