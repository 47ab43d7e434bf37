// Tells the failures of one method from those of its endpoint: an endpoint whose other methods succeed is not down.

interface FailingMethod {
  failures: number; // failures in a row of this method at this endpoint
  othersSucceededAt: number; // epoch ms of the latest success of another method since the first of these failures
}

const RECENT_MS = 10_000; // a success of another method speaks for the endpoint this long
const MAX_METHODS = 32; // the oldest one is dropped first: plain HTTP has a method for each path

/** The methods of one endpoint whose latest call failed, as one isolate sees them. While nothing fails it is empty and costs nothing. */
export class MethodFaults {
  readonly #failing = new Map<number, FailingMethod>();
  #firstMethod: number | undefined;
  #hasSeveral = false;

  /** Whether more than one method has been called. */
  get hasSeveralMethods(): boolean {
    return this.#hasSeveral;
  }

  /** @param method hash of the method; 0 if it is unknown */
  failed(method: number): void {
    this.#called(method);
    const known = this.#failing.get(method);
    if (known !== undefined) {
      known.failures += 1;
      return;
    }
    const [oldest] = this.#failing.keys();
    if (oldest !== undefined && this.#failing.size >= MAX_METHODS) this.#failing.delete(oldest);
    this.#failing.set(method, { failures: 1, othersSucceededAt: Number.NEGATIVE_INFINITY });
  }

  /** @param now epoch ms */
  succeeded(method: number, now: number): void {
    this.#called(method);
    if (this.#failing.size === 0) return;
    this.#failing.delete(method);
    for (const other of this.#failing.values()) other.othersSucceededAt = now;
  }

  /** Whether a method has failed `minFailures` times in a row while others succeeded: then the method is at fault, and not the endpoint. */
  isOwn(method: number, minFailures: number, now: number): boolean {
    const known = this.#failing.get(method);
    return known !== undefined && known.failures >= minFailures && now - known.othersSucceededAt < RECENT_MS;
  }

  /** The only method whose latest call failed; undefined if there is none, or more than one. */
  only(): number | undefined {
    const [first] = this.#failing.keys();
    return this.#failing.size === 1 ? first : undefined;
  }

  #called(method: number): void {
    this.#firstMethod ??= method;
    this.#hasSeveral ||= method !== this.#firstMethod;
  }
}
