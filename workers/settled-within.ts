// Runs work with a signal and an end.

/**
 * Runs `work` until it settles, or for `ms`: then its signal is aborted, and its result does not count any more.
 *
 * @throws DOMException (TimeoutError) where the time is over
 */
export async function settledWithin<R>(ms: number, work: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const controller = new AbortController();
  const { promise: timedOut, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new DOMException(`the work took longer than ${ms} ms`, "TimeoutError");
    controller.abort(error);
    reject(error);
  }, ms);
  try {
    return await Promise.race([work(controller.signal), timedOut]);
  } finally {
    clearTimeout(timer);
  }
}
