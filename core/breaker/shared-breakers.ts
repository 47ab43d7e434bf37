// All endpoints of a service, as its object keeps them: one report in, the views out.
import type { BreakerPolicy } from "../config/breaker.ts";
import { isOutlier, type Rate } from "./rules/outlier.ts";
import {
  type BreakerReport,
  type BreakerView,
  CLOSED,
  isTroubled,
  type Reporter,
  receiveReport,
  release,
  type SharedBreaker,
  trip,
  viewAt,
} from "./shared-breaker.ts";

export type SharedBreakers = ReadonlyMap<string, SharedBreaker>;

const MOST_ENDPOINTS = 2_000; // that are remembered; those that are well go first

/**
 * @param now epoch ms of the object's clock
 * @returns the board after it, and what the isolate is to go by: endpoints it has told of, and those that are not closed
 */
export function receiveReports(
  known: SharedBreakers,
  by: Reporter,
  seen: Readonly<Record<string, BreakerReport>>,
  policy: BreakerPolicy,
  now: number,
): [SharedBreakers, Readonly<Record<string, BreakerView>>] {
  const board = new Map(known);
  const views: Record<string, BreakerView> = {};
  const take = (endpoint: string, [shared, view]: [SharedBreaker, BreakerView]): void => {
    board.set(endpoint, shared);
    views[endpoint] = view;
  };
  for (const [endpoint, its] of Object.entries(seen)) {
    take(endpoint, receiveReport(board.get(endpoint) ?? CLOSED, { ...by, ...its }, policy, now));
  }
  const isSuspect = ([, { failures, hasRecovered }]: [string, BreakerReport]): boolean => failures > 0 && hasRecovered !== true;
  const suspects = policy.outlierFactor === 0 ? [] : Object.entries(seen).filter(isSuspect);
  const rates = new Map(suspects.length === 0 ? [] : [...board].map(([endpoint, shared]) => [endpoint, rateOf(shared)])); // looked up once
  const peers = [...rates.values()];
  for (const [endpoint] of suspects) {
    if (!isOutlier(rates.get(endpoint)!, peers, policy.outlierFactor, policy.minCalls)) continue;
    take(endpoint, viewAt(trip(board.get(endpoint)!, policy, now), now));
  }
  if (isCommon(board, policy)) {
    for (const [endpoint, shared] of board) {
      if (shared.kind === "closed") board.set(endpoint, release(shared, now));
      else take(endpoint, viewAt(release(shared, now), now));
    }
  }
  for (const [endpoint, shared] of board) if (views[endpoint] === undefined && !isWell(shared)) take(endpoint, viewAt(shared, now));
  for (const [endpoint, shared] of board) {
    if (board.size <= MOST_ENDPOINTS) break;
    if (isWell(shared)) board.delete(endpoint);
  }
  return [board, views];
}

/**
 * Whether more endpoints are in trouble than may be left out: then it is the service that suffers, or something behind it, and no
 * endpoint is better than another. An open breaker would outlast that by its time, its probes and its ramp; isolates go by what they
 * see themselves, which is over in 1 to 3 s.
 */
function isCommon(board: SharedBreakers, policy: BreakerPolicy): boolean {
  let troubled = 0;
  for (const shared of board.values()) if (isTroubled(shared)) troubled += 1;
  return board.size > 1 && troubled * 100 > policy.maxOpenPercent * board.size;
}

function isWell({ kind, forced }: SharedBreaker): boolean {
  return kind === "closed" && forced === undefined;
}

function rateOf({ evidence }: SharedBreaker): Rate {
  let [calls, failures] = [0, 0];
  for (const one of evidence.values()) {
    calls += one.calls;
    failures += one.failures;
  }
  return { calls, failures };
}
