// The options of a service pool, with the defaults that the gateway has for its upstreams.
import type { EndpointView } from "../../../core/balance/endpoint-view.ts";
import type { ServingStatus } from "../../../core/balance/member.ts";
import type { BreakerPolicy } from "../../../core/config/breaker.ts";
import type { ThrottlePolicy } from "../../../core/config/overload.ts";
import type { HedgePolicy, RetryBudgetPolicy, RetryPolicy } from "../../../core/config/retry.ts";
import type { BalancerName } from "../../../core/config/upstream.ts";

/** Anything that responds to requests: a service binding, or a service in the same process. */
export interface Fetching {
  fetch(url: string, init: RequestInit): Promise<Response>;
}

/** One endpoint of a service, with its share of the calls. */
export interface PoolEndpoint {
  /** A service binding, or a base URL: `https://users.example.com`. */
  readonly target: Fetching | string;
  /** Its name in errors and views; its URL, or `endpoint-1` and so on, by default. */
  readonly id?: string;
  /** Share of the calls, 1 to 1,000. 1 by default. */
  readonly weight?: number;
  /** Endpoints of a higher number are used while none of a lower one is left, 0 to 15. 0 by default. */
  readonly priority?: number;
}

/** Further attempts of unary calls that fail: by their code, and by the idempotency level of the method. */
export interface PoolRetries {
  /** Retries beside the first attempt, 0 to 10. 5 by default. */
  readonly max?: number;
  /** Upper bound of the random pause before the first retry, ms; it doubles with each retry. 100 by default. */
  readonly baseMs?: number;
  /** Upper bound of every pause, ms. 10,000 by default. */
  readonly maxMs?: number;
  /** Time for one attempt, ms; the time left for the call by default. */
  readonly perAttemptMs?: number;
  /** Connect codes that are retried. `["unavailable"]` by default. */
  readonly codes?: readonly string[];
}

/** What pays for retries and hedged attempts, of all methods in this isolate. */
export interface PoolRetryBudget {
  /** Share of the calls, 0 to 100 %. 10 by default. */
  readonly percent?: number;
  /** Attempts per second at any traffic, 0 to 1,000. 3 by default. */
  readonly minPerSecond?: number;
}

/** Second attempts of slow calls without side effects, at another endpoint. */
export interface PoolHedging {
  /** Largest share of the calls that get one, 1 to 10 %. 2 by default. */
  readonly percent?: number;
  /** Quantile of the response times after which one may start, 0.5 to 0.999. 0.95 by default. */
  readonly quantile?: number;
  /** Shortest time after which one may start, ms. 5 by default. */
  readonly minMs?: number;
}

/** The circuit breaker of each endpoint, by what this isolate sees. */
export interface PoolBreaker {
  /** Failures in a row that open it, 1 to 1,000. 5 by default. */
  readonly consecutive?: number;
  /** Share of failed calls in the last 10 s that opens it, 1 to 100 %. 50 by default. */
  readonly failurePercent?: number;
  /** Calls in the last 10 s that are needed before shares are judged. 20 by default. */
  readonly minCalls?: number;
  /** How long it stays open at first, 100 to 60,000 ms; each failed probe doubles it. 5,000 by default. */
  readonly openMs?: number;
  /** Share of the endpoints that may be left out, 0 to 100 %; while more are open, but not all, every endpoint is called. 70 by default. */
  readonly maxOpenPercent?: number;
}

export interface ServicePoolOptions {
  /** Name of the service, in errors: `users`. */
  readonly name: string;
  /** Where the service runs, 1 to 1,000 endpoints: service bindings, base URLs, or either with its share. */
  readonly endpoints: readonly (Fetching | string | PoolEndpoint)[];
  /** How an endpoint is chosen. `least_time` by default. Balancers that hash need the option `key` of each transport. */
  readonly balancer?: BalancerName;
  /** False for none. */
  readonly retries?: PoolRetries | false;
  readonly retryBudget?: PoolRetryBudget;
  /** None by default. */
  readonly hedging?: PoolHedging;
  /** False for none. */
  readonly breaker?: PoolBreaker | false;
  /** Whether calls are held back from a service that refuses most of them, and shed levels of hosts are honored. True by default. */
  readonly throttle?: boolean;
  /** Calls in flight at one endpoint, 1 to 10,000. 500 by default. */
  readonly maxConcurrent?: number;
  /** Calls that wait while every endpoint is full, 0 to 10,000; further calls are refused at once. 100 by default. */
  readonly maxQueued?: number;
  /** Longest wait of such a call, 1 to 60,000 ms. 1,000 by default. */
  readonly queueMs?: number;
}

/**
 * The endpoints of one service. It holds what this isolate has learned of them: latencies, breakers, the retry budget. So make it once, not
 * for each call; it holds nothing of a call that has ended. No isolate shares it with another one.
 */
export interface ServicePool {
  readonly name: string;
  /** The endpoints as this isolate sees them: calls in flight, latency, breaker. */
  view(): readonly EndpointView[];
  /** Whether some endpoint takes calls. */
  status(): ServingStatus;
}

/** Defaults of the gateway: test/workers/client/pool/pool-settings.test.ts compares them. */
export const POOL_DEFAULTS = {
  retries: { max: 5, baseMs: 100, maxMs: 10_000, perAttemptMs: Number.POSITIVE_INFINITY, codes: new Set(["unavailable"]) } as RetryPolicy,
  retryBudget: { percent: 10, minPerSecond: 3 } as RetryBudgetPolicy,
  hedging: { percent: 2, quantile: 0.95, minMs: 5 } as HedgePolicy,
  breaker: {
    ...{ consecutive: 5, failurePercent: 50, slowPercent: 100, slowMs: 10_000, minCalls: 20, outlierFactor: 1.9 },
    ...{ maxOpenPercent: 70, openMs: 5_000, quorum: 3, probes: 3, mode: "enforce", percent: 100 },
  } as BreakerPolicy,
  throttle: { mode: "enforce", percent: 100, minCalls: 50, honor: "enforce", factor: 2 } as ThrottlePolicy,
  queue: { maxConcurrent: 500, maxQueued: 100, queueMs: 1_000 },
} as const;
