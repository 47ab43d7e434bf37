// Fleets of a few endpoints, and what they pick, for the tests of fleets and groups.

import type { FleetSettings } from "../../../core/balance/endpoint-groups.ts";
import { Fleet } from "../../../core/balance/fleet.ts";
import type { AttemptPermit } from "../../../core/balance/load.ts";
import type { Member } from "../../../core/balance/member.ts";
import type { PickRequest, PickResult } from "../../../core/balance/pick-request.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import type { BalancerName } from "../../../core/config/upstream.ts";

export const NOW = 100_000;

export function member(id: string, more: Partial<Member> = {}): Member {
  return { id, weight: 1, priority: 0, isDraining: false, ...more };
}

/** Two calls in flight per endpoint, a slow start of 10 s, and round robin, unless `more` says otherwise. */
export function fleetOf(members: readonly (Member | string)[], more: Partial<FleetSettings> = {}): Fleet {
  const balancer: BalancerName = "round_robin";
  const settings = { balancer, maxConcurrent: 2, maxLoadFactor: Number.POSITIVE_INFINITY, slowStartMs: 10_000, breaker: BREAKER };
  return new Fleet(
    members.map((one) => (typeof one === "string" ? member(one) : one)),
    { ...settings, ...more },
  );
}

export function requestOf(more: Partial<PickRequest> = {}): PickRequest {
  return { key: 0, now: NOW, rng: () => 0, tried: new Set<string>(), ...more };
}

export function idOf(result: PickResult): string {
  return result.kind === "picked" ? result.id : result.kind;
}

/** The different ids of some picks in a row, sorted; no picked call is begun. */
export function pickedIds(fleet: Fleet, more: Partial<PickRequest> = {}, picks = 12): string {
  const ids = Array.from({ length: picks }, () => idOf(fleet.pick(requestOf(more))));
  return [...new Set(ids)].sort().join(",");
}

export function begin(fleet: Fleet, id: string, calls: number, now = NOW): AttemptPermit[] {
  return Array.from({ length: calls }, () => fleet.begin(id, now, now + 15_000)!);
}

/** Begins one attempt at an endpoint, whatever the balancer would pick. */
export function attemptAt(fleet: Fleet, id: string, now = NOW) {
  const others = new Set(["a", "b", "c", "d", "e", "f", "x"].filter((other) => other !== id));
  const result = fleet.pick(requestOf({ tried: others, now }));
  if (result.kind !== "picked" || result.id !== id) throw new Error(`picked ${idOf(result)}`);
  return { permit: fleet.begin(id, now, now + 15_000)!, admission: result.admission, now, random: 0 };
}

/** Fails attempts in a row: by default so many that the breaker of this isolate opens. */
export function fail(fleet: Fleet, id: string, times = BREAKER.consecutive, isEvidence = true, now = NOW): void {
  for (let n = 0; n < times; n++) fleet.failed(id, attemptAt(fleet, id, now), 15_000, isEvidence);
}
