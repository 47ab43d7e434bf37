// What a pool learns outlives a version of the configuration, as far as the next version has the same settings for it.
import { expect, it } from "vitest";
import { parsePolicy } from "../../../../core/config/gateway.ts";
import { IsolateParts } from "../../../../workers/gateway/background/isolate-parts.ts";
import { learnedBy, type PoolSettings } from "../../../../workers/gateway/upstream/pool-settings.ts";

function settings(ratio: number): PoolSettings {
  const input = { services: { "a.v1.A": { upstream: { binding: "A", retryBudget: { percent: ratio } } } } };
  const parsed = parsePolicy(input, new Map([["a.v1.A", ["Get"]]]));
  if (parsed.kind !== "ok") throw new Error(JSON.stringify(parsed));
  const { upstream, breaker, throttle } = parsed.policy.services.get("a.v1.A")!;
  return {
    name: "a.v1.A",
    service: "a.v1.A",
    endpointList: undefined,
    policy: upstream,
    breaker,
    throttle,
    exchange: undefined,
    metrics: undefined,
  };
}

it("is shared by versions, except for what has other settings", () => {
  const isolate = new IsolateParts();
  const first = learnedBy(settings(20), isolate.version());
  const same = learnedBy(settings(20), isolate.version());
  const other = learnedBy(settings(30), isolate.version());
  expect(same.retryBudget).toBe(first.retryBudget);
  expect(other.retryBudget).not.toBe(first.retryBudget);
  for (const learned of [same, other]) {
    expect(learned.states).toBe(first.states);
    expect(learned.hedging).toBe(first.hedging);
    expect(learned.throttle).toBe(first.throttle);
  }
  expect(first.endpointList).toBeUndefined();
});
