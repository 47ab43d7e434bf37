// Which filters of the live tap a call matches.
import type { TapConditions, TapFilter } from "./tap-messages.ts";

/** What filters look at. */
export interface TappedCall {
  readonly route: string;
  readonly reason: string; // empty where the gateway has not made the response
  readonly code: string;
  readonly durationMs: number;
  readonly principal: string; // id; empty for an anonymous call
}

const NONE: readonly string[] = [];

/** @param rng returns numbers in [0, 1), one for each filter that shows a sample @returns ids of the filters; one list for all calls that match none */
export function matchingFilters(filters: readonly TapFilter[], call: TappedCall, now: number, rng: () => number): readonly string[] {
  let ids: string[] | undefined;
  for (const { id, conditions, expiresAt } of filters) {
    if (now >= expiresAt || !matches(conditions, call) || (conditions.sample < 1 && rng() >= conditions.sample)) continue;
    ids ??= [];
    ids.push(id);
  }
  return ids ?? NONE;
}

function matches({ route, reason, code, minDurationMs, principal }: TapConditions, call: TappedCall): boolean {
  if (call.durationMs < minDurationMs) return false;
  if (route !== "" && route !== call.route) return false;
  if (reason !== "" && reason !== call.reason) return false;
  if (code !== "" && code !== call.code) return false;
  return principal === "" || principal === call.principal;
}
