// How a transport finds what sends the calls to a pool: so that a service without pools does not load them.
import type { UniversalClientFn } from "@connectrpc/connect/protocol";
import type { CallFacts } from "../client-call.ts";

/** Sends the requests of one call. @param timeoutMs that the call has, undefined for none */
export type PooledClient = (facts: CallFacts, timeoutMs: number | undefined) => UniversalClientFn;

const CLIENTS = new WeakMap<object, PooledClient>();

export function registerPool(pool: object, client: PooledClient): void {
  CLIENTS.set(pool, client);
}

/** @returns undefined for a target that is no pool */
export function pooledClientOf(target: object): PooledClient | undefined {
  return CLIENTS.get(target);
}
