// Processes a list of items with bounded concurrency.

/**
 * Runs `work` for each item, for at most `limit` of them at the same time. An item that has to wait holds no connection, and its timeout
 * has not started.
 *
 * @param limit at least 1
 * @throws what `work` throws first; items that have not started then still run
 */
export async function concurrently<T>(limit: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator](); // all workers share one iterator, so each takes the next item
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
