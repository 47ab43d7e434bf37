// The figures that operators look at first, over the last seconds. Plain data, sent over RPC. Rates are per second, times in ms.

export interface SummaryFigures {
  readonly time: number; // epoch ms
  readonly windowSeconds: number;
  readonly total: TrafficFigures;
  readonly routes: readonly RouteFigures[]; // those with most calls first
  readonly endpoints: readonly EndpointFigures[]; // the slowest by p95 first
  readonly limits: readonly LimitFigures[]; // those with most refusals first
  readonly hotKeys: readonly { readonly rule: string; readonly hash: string; readonly allowed: number; readonly refused: number }[];
  readonly caches: readonly CacheFigures[];
  readonly breakers: readonly BreakerFigures[];
  readonly reasons: readonly { readonly reason: string; readonly count: number }[]; // the most frequent first
  readonly configurations: readonly { readonly digest: string; readonly version: number; readonly isolates: number }[];
  readonly totals: TotalFigures;
}

export interface TrafficFigures {
  readonly rate: number;
  readonly errorRatio: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly upstreamP95Ms: number;
  readonly codes: readonly { readonly code: string; readonly count: number }[]; // the most frequent first
  readonly inFlight: number;
  readonly requestBytesRate: number;
  readonly responseBytesRate: number;
}

export interface RouteFigures {
  readonly route: string;
  readonly traffic: TrafficFigures;
}

export interface EndpointFigures {
  readonly upstream: string;
  readonly endpoint: string;
  readonly rate: number;
  readonly errorRatio: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

export interface LimitFigures {
  readonly rule: string;
  readonly allowed: number;
  readonly refused: number;
  readonly wouldRefuse: number;
}

export interface CacheFigures {
  readonly route: string;
  readonly l1Hits: number;
  readonly l2Hits: number;
  readonly staleHits: number;
  readonly misses: number;
}

export interface BreakerFigures {
  readonly upstream: string;
  readonly endpoint: string;
  readonly openIsolates: number;
  readonly sharedState: string;
  readonly refused: number; // attempts at the upstream
}

export interface TotalFigures {
  readonly retries: number;
  readonly hedges: number;
  readonly ejections: number;
  readonly shed: number;
  readonly objectRequests: number;
  readonly kvReads: number;
  readonly kvWrites: number;
}
