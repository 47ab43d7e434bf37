// Bounds the time that a response of a Durable Object is waited for.

const TIMEOUT_MS = 5_000; // a message without a response for this long counts as lost

/** @throws Error where there is no response in time */
export async function withTimeout<T>(response: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = scheduler.wait(TIMEOUT_MS, { signal: over.signal }).then(
    () => Promise.reject(new Error(`no response within ${TIMEOUT_MS} ms`)),
    () => response,
  );
  try {
    return await Promise.race([response, late]);
  } finally {
    over.abort(); // the timer ends with the response
  }
}
