// Tells the failures of one method from those of its endpoint: an endpoint whose other methods succeed is not down.

interface Row {
  failures: number; // in a row, of this method at this endpoint
  siblingAt: number; // epoch ms of the last success of another method since the row began
}

const FRESH_MS = 10_000; // how long a success of another method speaks for the endpoint
const MOST_ROWS = 32; // methods remembered; the oldest one is forgotten first (plain HTTP has a method for each path)

/** Of one endpoint in one isolate. Empty, and free, while nothing fails. */
export class MethodFaults {
  readonly #rows = new Map<number, Row>();

  /** @param method hashed; 0 where it is not known */
  failed(method: number): void {
    const row = this.#rows.get(method);
    if (row !== undefined) {
      row.failures += 1;
      return;
    }
    const [oldest] = this.#rows.keys();
    if (oldest !== undefined && this.#rows.size >= MOST_ROWS) this.#rows.delete(oldest);
    this.#rows.set(method, { failures: 1, siblingAt: Number.NEGATIVE_INFINITY });
  }

  /** @param now epoch ms */
  succeeded(method: number, now: number): void {
    if (this.#rows.size === 0) return;
    this.#rows.delete(method);
    for (const row of this.#rows.values()) row.siblingAt = now;
  }

  /** Whether a method has failed so often in a row, while others succeeded meanwhile, that its failures are its own. */
  isOwn(method: number, least: number, now: number): boolean {
    const row = this.#rows.get(method);
    return row !== undefined && row.failures >= least && now - row.siblingAt < FRESH_MS;
  }

  /** The only method whose last call failed; undefined where it is none, or several. */
  only(): number | undefined {
    const [first] = this.#rows.keys();
    return this.#rows.size === 1 ? first : undefined;
  }
}
