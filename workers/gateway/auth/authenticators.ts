// Compiles the kinds of credentials of a configuration, in the order in which calls are searched for them.
import { accessPrincipalOf, principalOf } from "../../../core/auth/jwt/claims.ts";
import { type Challenge, unauthenticated } from "../../../core/auth/refusal.ts";
import { resourceChallenge } from "../../../core/auth/resource.ts";
import type { AgentsPolicy } from "../../../core/config/auth/agents.ts";
import type { IssuerPolicy } from "../../../core/config/auth/issuers.ts";
import type { AuthPolicy } from "../../../core/config/auth.ts";
import { ENFORCED, type Enforcement } from "../../../core/config/enforcement.ts";
import type { NonceLog } from "../../../durable-objects/nonce-log.ts";
import type { Exchange } from "../background/exchange.ts";
import type { VersionParts } from "../background/isolate-parts.ts";
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
import { Nonces, nonceMemory } from "./signature/nonces.ts";
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
  readonly exchange: AuthExchange | undefined;
  readonly nonceLogs: DurableObjectNamespace<NonceLog> | undefined;
  readonly env: Readonly<Record<string, unknown>>; // secrets of signing keys
  readonly keys: ApiKeys | undefined; // undefined where the configuration has none
  readonly parts: VersionParts;
}

/** What is used of the exchange. */
export type AuthExchange = KeyExchange & Pick<Exchange, "remove">;

export function authentication(policy: AuthPolicy, sources: AuthSources): Authentication {
  const { exchange, nonceLogs, env, keys, parts } = sources;
  const { issuers, resource, access, certificates, signatures, agents } = policy;
  const authenticators: Authenticator[] = [];
  if (issuers.length > 0) authenticators.push(parts.get("JWTs", issuers, () => jwtAuthenticator(tokenIssuers(issuers, sources))));
  if (keys !== undefined) authenticators.push(keyAuthenticator(keys, policy.keys?.header));
  const signers: Signers[] = [];
  const nonces = new Nonces(signatures?.replay ?? "isolate", nonceLogs, parts.get("nonces", undefined, nonceMemory));
  if (agents !== undefined && exchange !== undefined) signers.push(agentSigners(agents, directoriesOf(agents, exchange, parts), nonces));
  if (signatures !== undefined) signers.push(configuredSigners(signatures, env, nonces));
  const digest = signatures?.digest ?? ENFORCED;
  if (signers.length > 0) authenticators.push(signatureAuthenticator(signers, digest.mode !== "off"));
  if (access !== undefined) authenticators.push(accessAuthenticator({ ...tokenIssuer(access, sources), principalOf: accessPrincipalOf }));
  if (certificates) authenticators.push(certificateAuthenticator());
  const challenge = resource === undefined ? NO_CHALLENGE : resourceChallenge(resource);
  return {
    authenticators,
    failures: parts.get("authentication failures", undefined, () => new AuthFailures()),
    digest,
    challenge,
    anyChallenge: challenge(unauthenticated("credential_missing")),
  };
}

function tokenIssuers(issuers: readonly IssuerPolicy[], sources: AuthSources): ReadonlyMap<string, TokenIssuer> {
  return new Map(issuers.map((issuer) => [issuer.issuer, tokenIssuer(issuer, sources)]));
}

function tokenIssuer(policy: IssuerPolicy, sources: AuthSources): TokenIssuer {
  return { policy, keys: keysOf(policy, sources), principalOf };
}

/** The keys of an issuer depend on where they come from, and not on what its tokens have to state. */
function keysOf(policy: IssuerPolicy, { exchange, parts }: AuthSources): IssuerKeys {
  const { issuer, source, refreshMs, refetchMs, maxStaleMs } = policy;
  if (source.kind === "written") return parts.get(`written keys of ${issuer}`, source, () => writtenKeys(source.jwks));
  const create = (previous?: FetchedKeys): FetchedKeys => new FetchedKeys(exchange!, policy, source, previous);
  return parts.get(`keys of ${issuer}`, { source, refreshMs, refetchMs, maxStaleMs }, create, (ended) => exchange!.remove(ended));
}

function directoriesOf(policy: AgentsPolicy, exchange: AuthExchange, parts: VersionParts): AgentDirectories {
  const { directories, open } = policy;
  const create = (previous?: AgentDirectories): AgentDirectories => new AgentDirectories(policy, exchange, previous);
  return parts.get("agents", { directories, open }, create, (ended) => exchange.remove(ended));
}
