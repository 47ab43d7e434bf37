import { describe, expect, it } from "vitest";
import { matchingFilters, type TappedCall } from "../../../core/tap/tap-match.ts";
import type { TapConditions, TapFilter } from "../../../core/tap/tap-messages.ts";
import { randomStream } from "../../simulation/simulation.ts";
import { ALL_CALLS } from "./support.ts";

const NOW = 10_000;
const CALL: TappedCall = { route: "a/B", reason: "rate_limited", code: "resource_exhausted", durationMs: 12, principal: "key:1" };
const filter = (conditions: Partial<TapConditions>, id = "f", expiresAt = NOW + 1): TapFilter => ({
  id,
  conditions: { ...ALL_CALLS, ...conditions },
  expiresAt,
});
const match = (filters: readonly TapFilter[], call: TappedCall = CALL) => matchingFilters(filters, call, NOW, () => 0.5);

describe("matchingFilters", () => {
  it.each([
    [{}, true],
    [{ route: "a/B" }, true],
    [{ route: "a/C" }, false],
    [{ reason: "rate_limited" }, true],
    [{ reason: "breaker_open" }, false],
    [{ code: "resource_exhausted" }, true],
    [{ code: "ok" }, false],
    [{ minDurationMs: 12 }, true],
    [{ minDurationMs: 13 }, false],
    [{ principal: "key:1" }, true],
    [{ principal: "key:2" }, false],
    [{ route: "a/B", code: "ok" }, false],
  ] as const)("%j holds: %s", (conditions, holds) => {
    expect(match([filter(conditions)])).toEqual(holds ? ["f"] : []);
  });

  it("names each filter that matches, and none that has expired", () => {
    expect(match([filter({}, "a"), filter({ route: "x" }, "b"), filter({}, "c", NOW), filter({}, "d")])).toEqual(["a", "d"]);
  });

  it("shows a share of the calls", () => {
    const rng = randomStream(3);
    let shown = 0;
    for (let call = 0; call < 10_000; call++) shown += matchingFilters([filter({ sample: 0.2 })], CALL, NOW, rng).length;
    expect(shown).toBeGreaterThan(1_800);
    expect(shown).toBeLessThan(2_200);
  });

  it("makes no list for a call that matches none", () => {
    expect(match([])).toBe(match([filter({ route: "x" })]));
  });
});
