// Arrivals of calls: open loop, so that a slow response delays no other call.
import type { CallResult, NetworkedGateway } from "./gateway.ts";

export interface Poisson {
  readonly callers: number;
  readonly perSecond: number; // rate of each caller
  readonly calls: number; // sum over all callers
  readonly seed: number;
  readonly method?: string;
}

/**
 * Sends calls of several callers, each a Poisson process. Even spacing would hide races: calls that come close together share requests.
 *
 * @returns the results by caller, in the order of sending
 */
export async function poisson(
  gateway: NetworkedGateway,
  { callers, perSecond, calls, seed, method = READ }: Poisson,
): Promise<CallResult[][]> {
  const random = seeded(seed);
  const arrivals: { readonly at: number; readonly caller: number }[] = [];
  for (let caller = 0; caller < callers; caller++) {
    for (let at = 0, n = 0; n < calls / callers; n++) {
      at += (-Math.log(1 - random()) * 1_000) / perSecond;
      arrivals.push({ at, caller });
    }
  }
  return byCaller(gateway, arrivals, callers, method);
}

export const READ = "users.v1.UserService/GetUser";
export const WRITE = "users.v1.UserService/CreateUser";

/** Sends `perSecond` calls a second of one caller. */
export async function flood(gateway: NetworkedGateway, calls: number, seconds: number, address: string): Promise<CallResult[]> {
  const arrivals = Array.from({ length: calls }, (_, index) => ({ at: (index * seconds * 1_000) / calls, caller: 0 }));
  const [results] = await byCaller(gateway, arrivals, 1, READ, address);
  return results!;
}

async function byCaller(
  gateway: NetworkedGateway,
  arrivals: readonly { readonly at: number; readonly caller: number }[],
  callers: number,
  method: string,
  address?: string,
): Promise<CallResult[][]> {
  const results: Promise<CallResult>[][] = Array.from({ length: callers }, () => []);
  const since = performance.now();
  for (const { at, caller } of arrivals.toSorted((a, b) => a.at - b.at)) {
    const waitMs = since + at - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    results[caller]!.push(gateway.call(method, address ?? `192.0.2.${caller + 1}`));
  }
  return Promise.all(results.map((calls) => Promise.all(calls)));
}

/** How many calls had each status. */
export function statuses(results: readonly CallResult[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of results) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/**
 * Calls beyond a limit, by the times at which they were sent: a busy machine sends calls later than planned, several at once.
 *
 * @returns how many calls a token bucket would have refused
 */
export function beyond(results: readonly CallResult[], { capacity, rate }: { readonly capacity: number; readonly rate: number }): number {
  let tokens = capacity;
  let last = Number.NEGATIVE_INFINITY;
  let refused = 0;
  for (const { sentAt } of results.toSorted((a, b) => a.sentAt - b.sentAt)) {
    tokens = Math.min(capacity, tokens + (Math.max(0, sentAt - last) * rate) / 1_000);
    last = sentAt;
    if (tokens >= 1) tokens -= 1;
    else refused += 1;
  }
  return refused;
}

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}
