// A service as its clients see it: a pool of endpoints that is made once for each isolate, with retries, hedging and circuit breakers.
import { EndpointStates } from "../../../core/balance/endpoint-states.ts";
import { Throttle } from "../../../core/overload/throttle.ts";
import { HedgeState } from "../../../core/retry/hedge-state.ts";
import { retryBudget } from "../../../core/retry/retry.ts";
import type { Destination } from "../../call/destination.ts";
import { EndpointPool } from "../../call/pool/endpoint-pool.ts";
import { plainHooks } from "../../call/pool/plain-hooks.ts";
import { retryRules } from "../../call/retry.ts";
import type { ClientCall } from "../client-call.ts";
import type { ServicePool, ServicePoolOptions } from "./pool-options.ts";
import { checkPool, type ListedEndpoint } from "./pool-settings.ts";
import { registerPool } from "./pooled-clients.ts";
import { type PoolMachinery, pooledClient } from "./send-pooled.ts";

/**
 * The endpoints of a service, for `transportTo`. Create it once for each isolate: at the top of a module, or where a service is defined.
 *
 * ```ts
 * const users = servicePool({ name: "users", endpoints: [env.USERS, "https://users.example.com"] });
 * // in each call that is served
 * const client = createClient(UserService, transportTo(users, { during: context }));
 * ```
 *
 * @throws Error that names an option with a wrong value
 */
export function servicePool(options: ServicePoolOptions): ServicePool {
  const machinery = machineryOf(options);
  const { fleet } = machinery.pool.parts;
  const pool: ServicePool = {
    name: options.name,
    view: () => fleet.view(Date.now()),
    status: () => fleet.status(Date.now()),
  };
  registerPool(pool, (facts, timeoutMs) => pooledClient(machinery, facts, timeoutMs));
  return pool;
}

function machineryOf(options: ServicePoolOptions): PoolMachinery {
  const { endpoints, retries, hedging, breaker, throttle, maxConcurrent, maxQueued, queueMs, ...checked } = checkPool(options);
  const { name, balancer = "least_time" } = options;
  const budget = retryBudget(checked.retryBudget);
  const state = new HedgeState();
  const fleet = { balancer, maxConcurrent, maxLoadFactor: Number.POSITIVE_INFINITY, slowStartMs: 0, breaker };
  const pool = new EndpointPool<ClientCall>(
    { name, fleet, throttle, maxQueued, queueMs, needsLocation: false },
    endpoints.map(({ id, weight, priority }) => ({ id, weight, priority, isDraining: false })),
    new Map(endpoints.map((endpoint) => [endpoint.id, destinationOf(endpoint)])),
    { states: new EndpointStates(), retryBudget: budget, hedging: state, throttle: new Throttle(throttle) },
    plainHooks((call) => ({ text: call.facts.key })),
    0,
  );
  return {
    pool,
    retries: retries.max === 0 ? undefined : retryRules(retries, budget, { retrying: nothing, paused: nothing, spent: markSpent }),
    hedging: hedging && { policy: hedging, state, hedging: nothing, keepAlive: nothing },
  };
}

const nothing = (): void => undefined;

function markSpent(call: ClientCall): void {
  call.isSpent = true;
}

/** A Worker behind a binding sees its own name in the place of a host; it reads the path alone. */
const BINDING_BASE = "http://service";

function destinationOf({ target }: ListedEndpoint): Destination {
  if (typeof target === "string") return { base: target, fetch: (url, init) => fetch(url, init) };
  return { base: BINDING_BASE, isBinding: true, fetch: (url, init) => target.fetch(url, init) };
}
