// Waits for a time. The global `scheduler` of Workers does the same; Node and browsers have none.

/**
 * @param ms up to 2,147,483,647
 * @returns rejects with the reason of the signal once that is aborted; the timer ends then
 */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
