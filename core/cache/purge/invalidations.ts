// Resources that unsafe methods have changed: responses fetched before the change are not served.
// Known to this isolate only; a purge reaches the others.
//
// Callers choose the paths of resources, of up to 16 KB each. So hashes are remembered: two resources with one hash are invalidated together.
import { hash32 } from "../../hash.ts";

/** Checked when a response is read, like purges: a response of the shared level may arrive after its invalidation. */
export class Invalidations {
  readonly #maxResources: number;
  readonly #changedAt = new Map<number, number>(); // epoch ms of the last change by hash of the resource, the latest at the end
  /** Epoch ms. All responses fetched up to here count as changed: older changes were dropped for lack of room. */
  #floor = Number.NEGATIVE_INFINITY;

  constructor(maxResources: number) {
    this.#maxResources = maxResources;
  }

  get size(): number {
    return this.#changedAt.size;
  }

  /** @param now epoch ms at which the response of the unsafe method arrived */
  add(resource: string, now: number): void {
    const key = hash32(resource);
    this.#changedAt.delete(key);
    this.#changedAt.set(key, now);
    if (this.#changedAt.size <= this.#maxResources) return;
    const [oldest, at] = this.#changedAt.entries().next().value!;
    this.#changedAt.delete(oldest);
    this.#floor = Math.max(this.#floor, at);
  }

  /** @param fetchedAt epoch ms at which the fetch of the response started */
  covers(resource: string, fetchedAt: number): boolean {
    if (fetchedAt <= this.#floor) return true;
    if (this.#changedAt.size === 0) return false;
    const at = this.#changedAt.get(hash32(resource));
    return at !== undefined && fetchedAt <= at;
  }
}
