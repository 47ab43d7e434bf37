// Bounds the time that a reader waits for the Durable Object of all metrics.

const READ_MS = 3_000;

/** @throws Error where there is no response in time */
export async function inTime<T>(response: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = scheduler.wait(READ_MS, { signal: over.signal }).then(
    () => Promise.reject(new Error(`no response within ${READ_MS} ms`)),
    () => response,
  );
  try {
    return await Promise.race([response, late]);
  } finally {
    over.abort(); // the timer ends with the response
  }
}
