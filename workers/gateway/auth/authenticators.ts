// Compiles the kinds of credentials of a configuration, in the order in which calls are searched for them.
import { accessPrincipalOf, principalOf } from "../../../core/auth/jwt/claims.ts";
import { type Challenge, unauthenticated } from "../../../core/auth/refusal.ts";
import { resourceChallenge } from "../../../core/auth/resource.ts";
import type { IssuerPolicy } from "../../../core/config/auth/issuers.ts";
import type { AuthPolicy } from "../../../core/config/auth.ts";
import { ENFORCED, type Enforcement } from "../../../core/config/enforcement.ts";
import type { NonceLog } from "../../../durable-objects/nonce-log.ts";
import { accessAuthenticator } from "./access.ts";
import type { Authenticator } from "./authenticator.ts";
import { certificateAuthenticator } from "./certificate.ts";
import { AuthFailures } from "./failures.ts";
import { FetchedKeys, type KeyExchange } from "./jwt/fetched-keys.ts";
import { jwtAuthenticator } from "./jwt/jwt.ts";
import { type IssuerKeys, writtenKeys } from "./jwt/key-set.ts";
import type { TokenIssuer } from "./jwt/verify-token.ts";
import type { ApiKeys } from "./keys/api-keys.ts";
import { keyAuthenticator } from "./keys/key-authenticator.ts";
import { AgentDirectories } from "./signature/agent-directories.ts";
import { agentSigners } from "./signature/agent-signers.ts";
import { Nonces } from "./signature/nonces.ts";
import { signatureAuthenticator } from "./signature/signature.ts";
import { configuredSigners, type Signers } from "./signature/signers.ts";

/** What the routes of an isolate authenticate with. */
export interface Authentication {
  readonly authenticators: readonly Authenticator[]; // empty where the configuration names none
  readonly failures: AuthFailures;
  readonly digest: Enforcement; // whether bodies of signed requests have to be those that were signed
  readonly challenge: Challenge;
  readonly anyChallenge: string | undefined; // the challenge of a response with 401 that something else has written
}

const NO_CHALLENGE: Challenge = () => undefined;

/** What credentials are verified with. */
export interface AuthSources {
  /** Keys of issuers come by it. Undefined where wrangler.toml has no RELAY: the configuration has been checked, so all keys are written then. */
  readonly exchange: KeyExchange | undefined;
  readonly nonceLogs: DurableObjectNamespace<NonceLog> | undefined;
  readonly env: Readonly<Record<string, unknown>>; // secrets of signing keys
  readonly keys: ApiKeys | undefined; // undefined where the configuration has none
}

export function authentication(policy: AuthPolicy, { exchange, nonceLogs, env, keys }: AuthSources): Authentication {
  const { issuers, resource, access, certificates, signatures, agents } = policy;
  const authenticators: Authenticator[] = [];
  if (issuers.length > 0)
    authenticators.push(jwtAuthenticator(new Map(issuers.map((issuer) => [issuer.issuer, tokenIssuer(issuer, exchange)]))));
  if (keys !== undefined) authenticators.push(keyAuthenticator(keys, policy.keys?.header));
  const signers: Signers[] = [];
  const nonces = new Nonces(signatures?.replay ?? "isolate", nonceLogs);
  if (agents !== undefined && exchange !== undefined) signers.push(agentSigners(agents, new AgentDirectories(agents, exchange), nonces));
  if (signatures !== undefined) signers.push(configuredSigners(signatures, env, nonces));
  const digest = signatures?.digest ?? ENFORCED;
  if (signers.length > 0) authenticators.push(signatureAuthenticator(signers, digest.mode !== "off"));
  if (access !== undefined) authenticators.push(accessAuthenticator({ ...tokenIssuer(access, exchange), principalOf: accessPrincipalOf }));
  if (certificates) authenticators.push(certificateAuthenticator());
  const challenge = resource === undefined ? NO_CHALLENGE : resourceChallenge(resource);
  return {
    authenticators,
    failures: new AuthFailures(),
    digest,
    challenge,
    anyChallenge: challenge(unauthenticated("credential_missing")),
  };
}

function tokenIssuer(policy: IssuerPolicy, exchange: KeyExchange | undefined): TokenIssuer {
  return { policy, keys: keysOf(policy, exchange), principalOf };
}

function keysOf(policy: IssuerPolicy, exchange: KeyExchange | undefined): IssuerKeys {
  const { source } = policy;
  return source.kind === "written" ? writtenKeys(source.jwks) : new FetchedKeys(exchange!, policy, source);
}
