// How calls have gone, for the access log.
import { expect, it } from "vitest";
import { callOutcome } from "../../../core/access-log/call-outcome.ts";
import type { Reason } from "../../../core/reasons.ts";

it.each<[Reason | undefined, string, number, string]>([
  [undefined, "ok", 999, "ok"],
  [undefined, "ok", 1_000, "slow"],
  [undefined, "not_found", 5, "refused"],
  [undefined, "internal", 5, "failed"],
  [undefined, "unavailable", 5_000, "failed"],
  ["rate_limited", "resource_exhausted", 1, "refused"],
  [undefined, "deadline_exceeded", 5, "failed"],
  [undefined, "unknown", 5, "failed"],
  [undefined, "data_loss", 5, "failed"],
  ["rate_limited", "unavailable", 1, "refused"],
  ["caller_gone", "ok", 1, "refused"],
  ["key_revoked", "unauthenticated", 1, "refused"],
  ["breaker_open", "unavailable", 1, "failed"],
  ["overload_isolate", "unavailable", 1, "failed"],
  ["internal", "internal", 1, "failed"],
  ["static_response", "ok", 1, "failed"],
  ["stale_on_error", "ok", 1, "failed"],
  ["layer_response", "ok", 1, "ok"],
])("of reason %s and code %s after %d ms is %s", (reason, code, ms, outcome) => {
  expect(callOutcome(reason, code, ms, 1_000)).toBe(outcome);
});
