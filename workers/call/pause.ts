// Waits, in any runtime.

/** @param signal ends the wait @throws the reason of the signal, where that has ended the wait */
export async function pause(ms: number, signal: AbortSignal | null): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  if (signal === null) return promise;
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  });
}
