// An endpoint that has failed, or was slow, is tried again: by the balancer itself, where no breaker and no health check says anything.
import { expect, it } from "vitest";
import { Fleet } from "../../../core/balance/fleet.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import { randomStream } from "../../simulation/simulation.ts";

const SETTINGS = { balancer: "least_time", maxConcurrent: 500, maxLoadFactor: 1, slowStartMs: 0, breaker: BREAKER } as const;

it.each([
  ["one failure", 15_000, "failed"],
  ["one slow answer", 2_000, "answered"],
] as const)("within a minute after %s, and not in the first five seconds", (_, tookMs, outcome) => {
  const members = ["a", "b", "c"].map((id) => ({ id, weight: 1, priority: 0, isDraining: false }));
  const fleet = new Fleet(members, SETTINGS);
  const roll = randomStream(3);
  const call = (now: number): string => {
    const found = fleet.pick({ method: 0, key: 0, now, rng: roll, tried: new Set() });
    if (found.kind !== "picked") throw new Error(found.kind);
    const { id, admission } = found;
    const permit = fleet.begin(id, now, now + 15_000)!;
    fleet.succeeded(id, { permit, admission, now: now + 5, random: 0.5 });
    return id;
  };
  for (let n = 0; n < 300; n++) call(n * 10);
  const found = fleet.pick({ method: 0, key: 0, now: 3_000, rng: roll, tried: new Set(["b", "c"]) });
  if (found.kind !== "picked") throw new Error(found.kind);
  const end = {
    permit: fleet.begin("a", 3_000, 18_000)!,
    admission: found.admission,
    now: 3_000 + (outcome === "failed" ? 1 : tookMs),
    random: 0.5,
  };
  if (outcome === "failed") fleet.failed("a", end, tookMs, true);
  else fleet.succeeded("a", end);
  const again: number[] = [];
  for (let now = end.now + 10; now < end.now + 90_000; now += 10) if (call(now) === "a") again.push(now - end.now);
  expect(again[0]).toBeGreaterThan(5_000);
  expect(again[0]).toBeLessThan(60_000);
});
