import { _ as KeyStore, a as MetricsBatch, b as CircuitBreaker, c as TapConditions, d as KeysAnswer, f as KeysQuestion, g as NonceLog, h as PurgeTarget, i as BatchReply, l as TapEvents, m as PurgeMode, n as ExchangeReply, o as GaugeValue, p as PurgeDelta, r as ExchangeRequest, s as SeriesDelta, t as TokenBuckets, u as TapFilter, v as HashRing, x as AuditLog, y as ControlPlane } from "../shared/token-buckets.js";
import { DurableObject } from "cloudflare:workers";
interface PurgeLogBounds {
  readonly maxPurges: number;
  readonly keepMs: number;
}
export declare class PurgeLog extends DurableObject {
  #private;
  constructor(ctx: DurableObjectState, env: Cloudflare.Env, bounds?: PurgeLogBounds);
  /**
   * Appends all purges or none.
   *
   * @param known the latest seq that the isolate knows
   * @returns what the isolate does not know yet: these purges, and purges of other isolates
   */
  append(targets: readonly PurgeTarget[], mode: PurgeMode, known: number): PurgeDelta;
  /** What an isolate does not know yet. @param known the latest seq that it knows; 0 for none */
  since(known: number): PurgeDelta;
}
export declare class Relay extends DurableObject {
  #private;
  constructor(ctx: DurableObjectState, env: Cloudflare.Env);
  exchange(request: ExchangeRequest): Promise<ExchangeReply>;
  /** For calls that wait for a key, or for a recent view of revocations. */
  keys(question: KeysQuestion): Promise<KeysAnswer>;
}
/** What a viewer sends, again and again. */
interface TapQuery {
  readonly id: string;
  readonly conditions: TapConditions;
  readonly endsAt: number;
}
/** `full`: as many viewers as allowed watch already. */
type TapReading = {
  readonly kind: "events";
  readonly events: TapEvents;
} | {
  readonly kind: "full" | "ended";
};
interface SummaryFigures {
  readonly time: number;
  readonly windowSeconds: number;
  readonly total: TrafficFigures;
  readonly routes: readonly RouteFigures[];
  readonly endpoints: readonly EndpointFigures[];
  readonly limits: readonly LimitFigures[];
  readonly hotKeys: readonly {
    readonly rule: string;
    readonly hash: string;
    readonly allowed: number;
    readonly refused: number;
  }[];
  readonly caches: readonly CacheFigures[];
  readonly breakers: readonly BreakerFigures[];
  readonly reasons: readonly {
    readonly reason: string;
    readonly count: number;
  }[];
  readonly configurations: readonly {
    readonly digest: string;
    readonly version: number;
    readonly isolates: number;
  }[];
  readonly totals: TotalFigures;
}
interface TrafficFigures {
  readonly rate: number;
  readonly errorRatio: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly upstreamP95Ms: number;
  readonly codes: readonly {
    readonly code: string;
    readonly count: number;
  }[];
  readonly inFlight: number;
  readonly requestBytesRate: number;
  readonly responseBytesRate: number;
}
interface RouteFigures {
  readonly route: string;
  readonly traffic: TrafficFigures;
}
interface EndpointFigures {
  readonly upstream: string;
  readonly endpoint: string;
  readonly rate: number;
  readonly errorRatio: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}
interface LimitFigures {
  readonly rule: string;
  readonly allowed: number;
  readonly refused: number;
  readonly wouldRefuse: number;
}
interface CacheFigures {
  readonly route: string;
  readonly l1Hits: number;
  readonly l2Hits: number;
  readonly staleHits: number;
  readonly misses: number;
}
interface BreakerFigures {
  readonly upstream: string;
  readonly endpoint: string;
  readonly openIsolates: number;
  readonly sharedState: string;
  readonly refused: number;
}
interface TotalFigures {
  readonly retries: number;
  readonly hedges: number;
  readonly ejections: number;
  readonly shed: number;
  readonly objectRequests: number;
  readonly kvReads: number;
  readonly kvWrites: number;
}
/** Everything, for readers of metrics. */
interface MetricsReading {
  readonly time: number;
  readonly startedAt: number;
  readonly series: readonly SeriesDelta[];
  readonly gauges: readonly GaugeValue[];
  readonly isolates: number;
  readonly lostReports: number;
}
export declare class Telemetry extends DurableObject {
  #private;
  constructor(ctx: DurableObjectState, env: Cloudflare.Env, bounds?: {
    maxSeries: number;
    maxBytes: number;
  });
  receive(batch: MetricsBatch): BatchReply;
  /** Takes calls for viewers of the live tap, from a relay. @returns the filters that isolates have to evaluate */
  tapped(events: TapEvents): readonly TapFilter[];
  /** What has come for a viewer of the live tap since its reading before; the first one sets its filter. */
  readTap(query: TapQuery): TapReading;
  /** A viewer of the live tap has gone. */
  endTap(id: string): void;
  /** All metrics since the counters began. */
  metrics(): MetricsReading;
  /** The figures of the last seconds. @param windowMs at most MAX_WINDOW_MS */
  summary(windowMs: number): SummaryFigures;
}
/** Only the gateway calls the objects, through its bindings: this Worker has no public address. */
declare const _default: {
  fetch: () => Response;
};
export { AuditLog, CircuitBreaker, ControlPlane, HashRing, KeyStore, NonceLog, TokenBuckets, _default as default };