// Rules under which a response is stored only where it states a lifetime.
import type { LifetimeRules } from "../../core/cache/freshness.ts";
import type { StoreRules } from "../../core/cache/storable.ts";

export const LIFETIME_RULES: LifetimeRules = {
  ttlMs: 0,
  override: false,
  negativeTtlMs: 0,
  heuristicPercent: 0,
  jitterPercent: 0,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
};

export const STORE_RULES: StoreRules = {
  ...LIFETIME_RULES,
  storeErrors: false,
  targets: ["cdn-cache-control"],
  tagHeader: "cache-tag",
  adaptive: undefined,
};
