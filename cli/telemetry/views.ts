// What `tidegate top` shows: each view answers one question of an operator by a table.
import type { Summary, Traffic } from "../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";

export const VIEWS = ["routes", "endpoints", "limits", "cache", "breakers", "configuration", "reasons"] as const;
export type View = (typeof VIEWS)[number];

export interface ViewDefinition {
  readonly question: string;
  readonly field: keyof Summary; // field of the message, as --json prints it
  readonly columns: readonly string[];
  readonly rows: (summary: Summary) => readonly (readonly string[])[];
  readonly empty: string; // where there is no row
}

const NO_ROUTE = "(no route)"; // calls of a path at which nothing is served
const TIMES = ["p50 ms", "p95 ms", "p99 ms"];

export const DEFINITIONS: Readonly<Record<View, ViewDefinition>> = {
  routes: {
    question: "which routes are called, and how they respond",
    field: "routes",
    columns: ["route", "calls/s", "errors", ...TIMES, "upstream p95 ms", "in flight"],
    rows: ({ total, routes }) => [
      ...(total === undefined ? [] : [["all", ...trafficCells(total)]]),
      ...routes.map(({ route, traffic }) => [route === "" ? NO_ROUTE : route, ...(traffic === undefined ? [] : trafficCells(traffic))]),
    ],
    empty: "no calls",
  },
  endpoints: {
    question: "which endpoint is slow",
    field: "endpoints",
    columns: ["endpoint", "upstream", ...TIMES, "attempts/s", "errors"],
    rows: ({ endpoints }) =>
      endpoints.map(({ endpoint, upstream, rate, errorRatio, p50Ms, p95Ms, p99Ms }) => {
        return [endpoint, upstream, ...[p50Ms, p95Ms, p99Ms].map(numberText), numberText(rate), percent(errorRatio)];
      }),
    empty: "no attempts at endpoints",
  },
  limits: {
    question: "who is limited",
    field: "hotKeys",
    columns: ["rule", "key (hash)", "refused", "allowed", "would refuse"],
    rows: ({ limits, hotKeys }) => [
      ...limits.map(({ rule, refused, allowed, wouldRefuse }) => [rule, "all keys", ...[refused, allowed, wouldRefuse].map(String)]),
      ...hotKeys.map(({ rule, hash, refused, allowed }) => [rule, hash, String(refused), String(allowed), ""]),
    ],
    empty: "no rule has decided about a call",
  },
  cache: {
    question: "what the cache hits",
    field: "caches",
    columns: ["route", "hit ratio", "l1", "l2", "stale", "misses"],
    rows: ({ caches }) =>
      caches.map(({ route, l1Hits, l2Hits, staleHits, misses }) => {
        const hits = l1Hits + l2Hits + staleHits;
        return [route, percent(ratio(hits, hits + misses)), ...[l1Hits, l2Hits, staleHits, misses].map(String)];
      }),
    empty: "no call of a route with a cache",
  },
  breakers: {
    question: "which breakers are open",
    field: "breakers",
    columns: ["endpoint", "upstream", "shared state", "isolates with it open", "refused attempts"],
    rows: ({ breakers }) =>
      breakers.map(({ endpoint, upstream, sharedState, openIsolates, refused }) => {
        return [endpoint, upstream, sharedState, String(openIsolates), String(refused)];
      }),
    empty: "no breaker is open",
  },
  configuration: {
    question: "which configuration runs",
    field: "configurations",
    columns: ["version", "digest", "isolates"],
    rows: ({ configurations }) =>
      configurations.map(({ version, digest, isolates }) => {
        return [version === 0n ? "bundled" : String(version), digest.slice(0, 12), String(isolates)];
      }),
    empty: "no isolate has reported in the last 15 s: each reports while it is called",
  },
  reasons: {
    question: "why the gateway has refused calls",
    field: "reasons",
    columns: ["reason", "responses"],
    rows: ({ reasons }) => reasons.map(({ reason, count }) => [reason, String(count)]),
    empty: "the gateway has made no response itself",
  },
};

function trafficCells({ rate, errorRatio, p50Ms, p95Ms, p99Ms, upstreamP95Ms, inFlight }: Traffic): string[] {
  return [numberText(rate), percent(errorRatio), ...[p50Ms, p95Ms, p99Ms, upstreamP95Ms].map(numberText), String(inFlight)];
}

function ratio(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number(part) / Number(whole);
}

/** Three digits: the error of percentiles is 0.54 %. */
function numberText(value: number): string {
  if (value === 0) return "0";
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function percent(share: number): string {
  return `${numberText(share * 100)} %`;
}
