// What the gateway adds to a pool: policies that count and log, keys and locations of its calls, metrics, and what a call reports.
import type { UpstreamPolicy } from "../../../core/config/upstream.ts";
import type { PoolHooks } from "../../call/pool/pool-hooks.ts";
import { shedLog } from "../../shed-log.ts";
import { attemptBegan, attemptEnded } from "../call/end/call-progress.ts";
import { Enforcer } from "../call/enforcer.ts";
import { type Call, logFactsOf } from "../call.ts";
import type { UpstreamMetrics } from "../metrics/upstream-metrics.ts";
import { locationOf } from "../region/isolate-location.ts";
import type { BreakerReporter } from "./breaker-reports.ts";
import { hashKeyOf } from "./hash-key.ts";

/** @param reporter of the shared breakers, which exists once the pool does */
export function poolHooks(
  name: string,
  policy: UpstreamPolicy,
  metrics: UpstreamMetrics | undefined,
  reporter: () => BreakerReporter | undefined,
): PoolHooks<Call> {
  const log = shedLog();
  return {
    decider: (kind, of, enforcement) => new Enforcer(kind, of, enforcement),
    keyOf: (call) => hashKeyOf(call, policy.hashOn),
    locationOf: ({ request }) => locationOf(request, policy, Math.random()),
    shed: (call, point, reason, now) => log({ ...logFactsOf(call), point, reason, enforced: true }, now),
    attemptBegan: (call, endpoint, now) => attemptBegan(call, name, endpoint, now),
    attemptEnded(call, endpoint, outcome, isCopy, tookMs, now) {
      if (!isCopy) attemptEnded(call, name, endpoint, outcome === "responded", now);
      metrics?.attemptEnded(endpoint, outcome, tookMs);
    },
    endpointChanged: (endpoint, now) => reporter()?.ended(endpoint, now),
  };
}
