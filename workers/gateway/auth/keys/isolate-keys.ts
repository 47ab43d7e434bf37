// The API keys of an isolate, compiled from the configuration.
import { waitUntil } from "cloudflare:workers";
import type { HmacKey } from "../../../../core/auth/sha256.ts";
import type { KeysPolicy } from "../../../../core/config/auth/keys.ts";
import type { Exchange } from "../../background/exchange.ts";
import type { VersionParts } from "../../background/isolate-parts.ts";
import { ApiKeys } from "./api-keys.ts";
import { KeyReader } from "./key-reader.ts";
import { KeyRing } from "./key-ring.ts";

/** @param secrets of the tags, the current one first */
export function isolateKeys(policy: KeysPolicy, secrets: readonly HmacKey[], exchange: Exchange, parts: VersionParts): ApiKeys {
  const { cacheBytes, revocationMaxAgeMs, maxStaleMs, waitMs } = policy;
  const held = { cacheBytes, revocationMaxAgeMs, maxStaleMs };
  const create = (): KeyRing => {
    const made = new KeyRing(policy);
    exchange.add(made);
    return made;
  };
  const ring = parts.get("API keys", held, create, (ended) => exchange.remove(ended));
  const reader = parts.get("API key reader", { ...held, waitMs }, () => new KeyReader(ring, exchange, waitMs, waitUntil));
  return new ApiKeys(policy, secrets, ring, reader);
}
