// Figures of the last seconds from sums and gauges: how fast, how many, what is refused, and what runs.
import type { GaugeValue } from "../../metrics/report.ts";
import type { WindowSums } from "../slice-window.ts";
import type { BreakerFigures, CacheFigures, LimitFigures, RouteFigures, SummaryFigures, TotalFigures } from "./figures.ts";
import { SeriesTable, sumOf, valuesOf } from "./series-table.ts";
import { endpointsOf, trafficOf, trafficSeries } from "./traffic.ts";

/** Rows of each list: later ones are left out. */
const MAX_ROWS = 1_000;
const MAX_HOT_KEYS = 50;
/** A shorter window, as right after a restart, has too few reports for rates. */
const MIN_SECONDS = 5;
/** Policies that refuse calls because of load. */
const SHEDDING = ["concurrency", "streams", "throttle", "shed_level"];
/** States of a breaker, the one that counts first. */
const STATES = ["open", "half_open", "ramp"];

/** @param now epoch ms */
export function summaryOf({ ms, series, hotKeys }: WindowSums, gauges: readonly GaugeValue[], now: number): SummaryFigures {
  const seconds = Math.max(MIN_SECONDS, ms / 1_000);
  const table = new SeriesTable(series, gauges);
  const traffic = trafficSeries(table);
  const routes = [...traffic.calls.keys()]
    .map((route): RouteFigures => ({ route, traffic: trafficOf(traffic, route, seconds) }))
    .filter(({ traffic: { rate } }) => rate > 0)
    .toSorted((one, other) => other.traffic.rate - one.traffic.rate);
  return {
    ...{ time: now, windowSeconds: seconds, total: trafficOf(traffic, undefined, seconds) },
    routes: routes.slice(0, MAX_ROWS),
    endpoints: endpointsOf(table, seconds).slice(0, MAX_ROWS),
    limits: limitsOf(table).slice(0, MAX_ROWS),
    hotKeys: hotKeys.slice(0, MAX_HOT_KEYS),
    caches: cachesOf(table).slice(0, MAX_ROWS),
    breakers: breakersOf(table).slice(0, MAX_ROWS),
    reasons: reasonsOf(table).slice(0, MAX_ROWS),
    configurations: configurationsOf(table).slice(0, MAX_ROWS),
    totals: totalsOf(table),
  };
}

const DECISIONS = "tidegate_policy_decisions"; // labels: policy, rule, route, outcome

function limitsOf(table: SeriesTable): readonly LimitFigures[] {
  return [...table.groups(DECISIONS, 0, 1)]
    .filter(([key]) => valuesOf(key)[0] === "rate_limit")
    .map(([key, decisions]) => ({
      rule: valuesOf(key)[1] ?? "",
      allowed: sumOf(decisions, 3, "allowed"),
      refused: sumOf(decisions, 3, "refused"),
      wouldRefuse: sumOf(decisions, 3, "would_refuse"),
    }))
    .toSorted((one, other) => other.refused - one.refused || other.wouldRefuse - one.wouldRefuse || other.allowed - one.allowed);
}

function cachesOf(table: SeriesTable): readonly CacheFigures[] {
  return [...table.groups("tidegate_cache_lookups", 0)].map(([route, lookups]) => ({
    ...{ route, l1Hits: sumOf(lookups, 1, "l1"), l2Hits: sumOf(lookups, 1, "l2") },
    ...{ staleHits: sumOf(lookups, 1, "stale"), misses: sumOf(lookups, 1, "miss") },
  }));
}

/** Breakers that are not closed, by an isolate's own evidence or by what isolates share. */
function breakersOf(table: SeriesTable): readonly BreakerFigures[] {
  return [...table.groups("tidegate_breaker_state", 0, 1)].map(([key, states]) => {
    const [upstream = "", endpoint = ""] = valuesOf(key);
    const local = states.filter(({ labels: [, , level] }) => level === "local");
    const shared = states.filter(({ labels: [, , level] }) => level === "shared");
    return {
      ...{ upstream, endpoint, openIsolates: sumOf(local, 3, "open") },
      sharedState: STATES.find((state) => sumOf(shared, 3, state) > 0) ?? "closed",
      refused: table.sum(DECISIONS, "breaker", upstream, undefined, "refused"),
    };
  });
}

function reasonsOf(table: SeriesTable): SummaryFigures["reasons"] {
  return [...table.groups("tidegate_calls", 4)]
    .map(([reason, calls]) => ({ reason, count: sumOf(calls) }))
    .filter(({ reason, count }) => reason !== "" && count > 0)
    .toSorted((one, other) => other.count - one.count);
}

function configurationsOf(table: SeriesTable): SummaryFigures["configurations"] {
  return [...table.groups("tidegate_configuration", 0, 1)]
    .map(([key, isolates]) => {
      const [version = "", digest = ""] = valuesOf(key);
      return { digest, version: Number(version) || 0, isolates: sumOf(isolates) };
    })
    .toSorted((one, other) => other.isolates - one.isolates);
}

function totalsOf(table: SeriesTable): TotalFigures {
  return {
    retries: table.sum("tidegate_call_retries"),
    hedges: table.sum("tidegate_call_hedges"),
    ejections: table.sum("tidegate_ejections"),
    shed: SHEDDING.reduce((sum, policy) => sum + table.sum(DECISIONS, policy, undefined, undefined, "refused"), 0),
    objectRequests: table.sum("tidegate_object_requests"),
    kvReads: table.sum("tidegate_kv_reads"),
    kvWrites: table.sum("tidegate_kv_writes"),
  };
}
