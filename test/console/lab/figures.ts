// A made-up fleet of any size, as the telemetry service describes it.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type ListUpstreamsResponse,
  ListUpstreamsResponseSchema,
  type Summary,
  SummarySchema,
  type UpstreamSchema,
} from "../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";

export interface Fleet {
  readonly services: number;
  readonly endpointsEach: number;
}

const CODES = ["ok", "unavailable", "deadline_exceeded", "resource_exhausted"] as const;

export function serviceName(index: number): string {
  return `team${index % 7}.v1.Service${index}`;
}

function upstream(index: number, { endpointsEach }: Fleet): MessageInitShape<typeof UpstreamSchema> {
  const isRing = index % 2 === 0;
  const weights = Array.from({ length: endpointsEach }, (_, at) => 1 + ((index + at) % 3));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    name: serviceName(index),
    balancer: isRing ? "ring_hash" : "least_request",
    inFlight: index % 9,
    waiting: index % 17 === 0 ? 2 : 0,
    endpoints: weights.map((weight, at) => ({
      id: `https://host-${at}.service-${index}.example`,
      weight,
      priority: at === endpointsEach - 1 ? 1 : 0,
      zone: ["weur-a", "weur-b", "enam-a"][at % 3]!,
      isRegistered: at % 2 === 0,
      isDraining: index % 11 === 0 && at === 1,
      isHealthy: !(index % 13 === 0 && at === 2),
      inFlight: (index + at) % 4,
      latencyMs: 3 + ((index * 31 + at * 7) % 90),
      ringShare: isRing ? weight / all : 0,
      localState: index % 5 === 0 && at === 0 ? "open" : "closed",
      sharedState: index % 5 === 0 && at === 0 ? "half_open" : "closed",
      override: index % 23 === 0 && at === 0 ? "open" : "none",
    })),
  };
}

export function listUpstreams(fleet: Fleet, name: string, pageSize: number, pageToken: string): ListUpstreamsResponse {
  const indexes = Array.from({ length: fleet.services }, (_, index) => index).filter((index) => name === "" || serviceName(index) === name);
  const from = Number(pageToken || 0);
  const end = Math.min(indexes.length, from + (pageSize || 100));
  return create(ListUpstreamsResponseSchema, {
    upstreams: indexes.slice(from, end).map((index) => upstream(index, fleet)),
    nextPageToken: end < indexes.length ? String(end) : "",
  });
}

function traffic(index: number, tick: number) {
  const rate = 40 / (1 + index / 10) + 3 * Math.sin(tick / 5 + index);
  const errorRatio = index % 6 === 3 ? 0.02 : 0;
  const slow = index % 9 === 4 ? 400 : 12;
  return {
    rate: Math.max(0.1, rate),
    errorRatio,
    p50Ms: slow / 3,
    p95Ms: slow * (1 + 0.2 * Math.sin(tick / 4)),
    p99Ms: slow * 2,
    upstreamP95Ms: slow * 0.9,
    codes: CODES.slice(0, errorRatio > 0 ? 3 : 1).map((code, at) => ({ code, count: BigInt(Math.round((rate * 60) / 40 ** at)) })),
    inFlight: BigInt(index % 5),
    requestBytesRate: rate * 320,
    responseBytesRate: rate * 2_400,
  };
}

/** @param tick grows with time: the figures move with it */
export function summaryOf(fleet: Fleet, tick: number, now: number, windowSeconds: number): Summary {
  const routes = Math.min(1_000, fleet.services);
  const endpoints = Math.min(1_000, fleet.services * fleet.endpointsEach);
  return create(SummarySchema, {
    time: timestampFromMs(now),
    windowSeconds,
    total: { ...traffic(4, tick), rate: 1_240 + 200 * Math.sin(tick / 6), errorRatio: 0.0009, p50Ms: 9, inFlight: 37n },
    routes: Array.from({ length: routes }, (_, index) => ({ route: `${serviceName(index)}/Get`, traffic: traffic(index, tick) })),
    endpoints: Array.from({ length: endpoints }, (_, index) => ({
      upstream: serviceName(Math.floor(index / fleet.endpointsEach)),
      endpoint: `https://host-${index % fleet.endpointsEach}.service-${Math.floor(index / fleet.endpointsEach)}.example`,
      rate: 12 / (1 + index / 50),
      errorRatio: index % 20 === 0 ? 0.04 : 0,
      p50Ms: 8,
      p95Ms: 900 / (1 + index),
      p99Ms: 1_200 / (1 + index),
    })),
    limits: [{ rule: "per-caller", allowed: 9_210n, refused: 312n, wouldRefuse: 0n }],
    hotKeys: [{ rule: "per-caller", hash: "9f86d081884c7d65", allowed: 100n, refused: 300n }],
    caches: [{ route: `${serviceName(0)}/Get`, l1Hits: 5_000n, l2Hits: 900n, staleHits: 20n, misses: 1_100n }],
    breakers: [
      { upstream: serviceName(0), endpoint: "https://host-0.service-0.example", openIsolates: 2, sharedState: "open", refused: 14n },
    ],
    reasons: [
      { reason: "rate_limited", count: 312n },
      { reason: "circuit_open", count: 14n },
      { reason: "deadline_exceeded", count: 6n },
    ],
    configurations: [{ digest: "a".repeat(64), version: 12n, isolates: 4 }],
    totals: { retries: 42n, hedges: 7n, ejections: 1n, shed: 0n, objectRequests: 180n, kvReads: 12n, kvWrites: 3n },
  });
}
