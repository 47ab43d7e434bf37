// A request that sleeps until another one wakes it, or until its own timer does.

export class Sleeper {
  #wake: (() => void) | undefined; // undefined while it does not sleep

  /**
   * Sleeps until `wake`, or until the time is over. The promise and the timer are those of the request that sleeps: it continues by itself
   * where the request that would wake it has ended.
   *
   * @param ms >= 0
   */
  async sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }

  wake(): void {
    this.#wake?.();
  }
}
