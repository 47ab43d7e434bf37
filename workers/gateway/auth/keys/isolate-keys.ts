// The API keys of an isolate, compiled from the configuration.
import { waitUntil } from "cloudflare:workers";
import type { HmacKey } from "../../../../core/auth/sha256.ts";
import type { KeysPolicy } from "../../../../core/config/auth/keys.ts";
import type { Exchange } from "../../background/exchange.ts";
import { ApiKeys } from "./api-keys.ts";
import { KeyReader } from "./key-reader.ts";
import { KeyRing } from "./key-ring.ts";

/** @param secrets of the tags, the current one first */
export function isolateKeys(policy: KeysPolicy, secrets: readonly HmacKey[], exchange: Exchange): ApiKeys {
  const ring = new KeyRing(policy);
  exchange.add(ring);
  return new ApiKeys(policy, secrets, ring, new KeyReader(ring, exchange, policy.waitMs, waitUntil));
}
