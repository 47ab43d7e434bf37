// Works on a list of items, a few of them at any time.

/** @param most items under way at once: what is not begun yet waits for no connection, and its time-out has not begun either */
export async function concurrently<T>(most: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator](); // one iterator for all workers: each takes the next item
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
}
