// The platform's limit of connections: of one request, six fetches wait for response headers at once, and the next one is queued.
import { AsyncLocalStorage } from "node:async_hooks";

/** @see developers.cloudflare.com/workers/platform/limits, "Simultaneous open connections" */
export const MAX_CONNECTIONS = 6;

/** The fetches of one request, or of one call of a Durable Object, in the order in which they were made. */
export class ConnectionQueue {
  #open = 0;
  readonly #queued: (() => void)[] = [];

  /** Makes a fetch when a connection is free. The connection is free again with the response headers, or with a failure. */
  async fetch<T>(make: () => Promise<T>): Promise<T> {
    if (this.#open < MAX_CONNECTIONS) this.#open += 1;
    else await new Promise<void>((resolve) => void this.#queued.push(resolve)); // gets the connection of a fetch that has ended
    try {
      return await make();
    } finally {
      const next = this.#queued.shift();
      if (next === undefined) this.#open -= 1;
      else next();
    }
  }
}

const REQUESTS = new AsyncLocalStorage<ConnectionQueue>();

/** Runs one request, or one call of an object, with connections of its own. A call within it, such as one method by another, shares them. */
export function withConnections<T>(run: () => T): T {
  return REQUESTS.getStore() === undefined ? REQUESTS.run(new ConnectionQueue(), run) : run();
}

/** Puts the limit before `fetch` of this isolate. Fetches of bindings do not count. */
export function limitConnections(): void {
  const real = globalThis.fetch;
  globalThis.fetch = ((...args: Parameters<typeof fetch>) => {
    const queue = REQUESTS.getStore();
    return queue === undefined ? real(...args) : queue.fetch(() => real(...args));
  }) as typeof fetch;
}
