// The options of a service pool checked, every default filled in.
import type { BreakerPolicy } from "../../../core/config/breaker.ts";
import type { ThrottlePolicy } from "../../../core/config/overload.ts";
import type { HedgePolicy, RetryBudgetPolicy, RetryPolicy } from "../../../core/config/retry.ts";
import { type Fetching, POOL_DEFAULTS, type PoolEndpoint, type ServicePoolOptions } from "./pool-options.ts";

export interface ListedEndpoint {
  readonly id: string;
  readonly target: Fetching | string;
  readonly weight: number;
  readonly priority: number;
}

export interface CheckedPool {
  readonly endpoints: readonly ListedEndpoint[];
  readonly retries: RetryPolicy; // max 0: none
  readonly retryBudget: RetryBudgetPolicy;
  readonly hedging: HedgePolicy | undefined;
  readonly breaker: BreakerPolicy;
  readonly throttle: ThrottlePolicy;
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  readonly queueMs: number;
}

const MAX_ENDPOINTS = 1_000;

/** Smallest and largest value of each number. */
const BOUNDS: Readonly<Record<string, readonly [min: number, max: number]>> = {
  "retries.max": [0, 10],
  "retries.baseMs": [1, 60_000],
  "retries.maxMs": [1, 60_000],
  "retries.perAttemptMs": [1, Number.POSITIVE_INFINITY],
  "retryBudget.percent": [0, 100],
  "retryBudget.minPerSecond": [0, 1_000],
  "hedging.percent": [1, 10],
  "hedging.quantile": [0.5, 0.999],
  "hedging.minMs": [1, 60_000],
  "breaker.consecutive": [1, 1_000],
  "breaker.failurePercent": [1, 100],
  "breaker.minCalls": [1, 10_000],
  "breaker.openMs": [100, 60_000],
  "breaker.maxOpenPercent": [0, 100],
  maxConcurrent: [1, 10_000],
  maxQueued: [0, 10_000],
  queueMs: [1, 60_000],
};

/** @throws Error that names the option, its value, and what to write */
export function checkPool(options: ServicePoolOptions): CheckedPool {
  const { retries, breaker, throttle, hedging } = options;
  checkNumbers(options);
  const { codes, ...pauses } = retries === false || retries === undefined ? { codes: undefined } : retries;
  return {
    endpoints: endpointsOf(options),
    retries: {
      ...POOL_DEFAULTS.retries,
      ...pauses,
      ...(codes && { codes: new Set(codes) as RetryPolicy["codes"] }),
      ...(retries === false && { max: 0 }),
    },
    retryBudget: { ...POOL_DEFAULTS.retryBudget, ...options.retryBudget },
    hedging: hedging && { ...POOL_DEFAULTS.hedging, ...hedging },
    breaker: { ...POOL_DEFAULTS.breaker, ...(breaker === false ? { mode: "off" as const } : breaker) },
    throttle: { ...POOL_DEFAULTS.throttle, ...(throttle === false && { mode: "off" as const, honor: "off" as const }) },
    maxConcurrent: options.maxConcurrent ?? POOL_DEFAULTS.queue.maxConcurrent,
    maxQueued: options.maxQueued ?? POOL_DEFAULTS.queue.maxQueued,
    queueMs: options.queueMs ?? POOL_DEFAULTS.queue.queueMs,
  };
}

const CODES = ["unavailable", "deadline_exceeded", "internal", "unknown", "data_loss", "aborted", "resource_exhausted"];

function checkNumbers(options: ServicePoolOptions): void {
  for (const [path, [min, max]] of Object.entries(BOUNDS)) {
    const [first, second] = path.split(".") as [keyof ServicePoolOptions, string | undefined];
    const block: unknown = options[first];
    const value = second === undefined || block === undefined || block === false ? block : (block as Record<string, unknown>)[second];
    if (value !== undefined && value !== false) checkNumber(`option ${path} of the pool "${options.name}"`, value, min, max);
  }
  const codes = options.retries === false ? undefined : options.retries?.codes;
  const wrong = codes?.find((code) => !CODES.includes(code));
  if (wrong === undefined) return;
  throw new Error(`option retries.codes of the pool "${options.name}" has ${JSON.stringify(wrong)}; write ${CODES.join(", ")}`);
}

function checkNumber(what: string, value: unknown, min: number, max: number): void {
  if (typeof value === "number" && value >= min && value <= max) return;
  throw new Error(`${what} is ${String(value)}; write ${min} to ${max}`);
}

function endpointsOf({ name, endpoints }: ServicePoolOptions): readonly ListedEndpoint[] {
  if (endpoints.length === 0 || endpoints.length > MAX_ENDPOINTS) {
    throw new Error(`the pool "${name}" has ${endpoints.length} endpoints; list 1 to ${MAX_ENDPOINTS}`);
  }
  const listed = endpoints.map((endpoint, index) => {
    const { target, id, weight = 1, priority = 0 } = isListed(endpoint) ? endpoint : { target: endpoint };
    const base = typeof target === "string" ? baseOf(target, name) : target;
    const own = id ?? (typeof base === "string" ? base : `endpoint-${index + 1}`);
    const of = `of the endpoint ${JSON.stringify(own)} of the pool "${name}"`;
    checkNumber(`option weight ${of}`, weight, 1, 1_000);
    checkNumber(`option priority ${of}`, priority, 0, 15);
    return { id: own, target: base, weight, priority };
  });
  const ids = new Set(listed.map(({ id }) => id));
  if (ids.size < listed.length) throw new Error(`the pool "${name}" lists an endpoint twice; give it more weight instead`);
  return listed;
}

/** A binding has any property that is read of it, also `target`. */
function isListed(endpoint: Fetching | string | PoolEndpoint): endpoint is PoolEndpoint {
  return typeof endpoint === "object" && Object.getPrototypeOf(endpoint) === Object.prototype && "target" in endpoint;
}

function baseOf(url: string, name: string): string {
  if (!/^https?:\/\/[^\s/?#@\\]+(\/[^\s?#\\]*)?$/.test(url)) {
    throw new Error(`the pool "${name}" has an endpoint ${JSON.stringify(url)}; write http(s)://host, with a port and a path where needed`);
  }
  return url.replace(/\/+$/, "");
}
