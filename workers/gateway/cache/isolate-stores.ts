// The partitions of stored responses in this isolate, for the routes of all versions of the configuration that are in use.
import { Partitions } from "../../../core/cache/store/partitions.ts";
import type { Store } from "../../../core/cache/store/store.ts";
import type { CacheStorePolicy } from "../../../core/config/cache.ts";
import type { ByteBudget } from "../../../core/overload/byte-budget.ts";
import type { RouteStoreValue } from "./route-store.ts";

/** The store of one route, and its name among the partitions. */
export interface OpenPartition {
  readonly name: string;
  readonly store: Store<RouteStoreValue>;
}

export class IsolateStores {
  readonly #partitions: Partitions<RouteStoreValue>;
  readonly #names = new Set<string>();
  #memory: ByteBudget | undefined;
  #opened = 0;
  #isTrimmed = true;

  constructor(settings: CacheStorePolicy) {
    this.#partitions = new Partitions([], settings);
  }

  /** Memory of all stored responses. */
  get bytes(): number {
    return this.#partitions.bytes;
  }

  /** Stored responses. */
  get size(): number {
    return this.#partitions.size;
  }

  /** @param memory of the version that was compiled last */
  useMemory(memory: ByteBudget): void {
    this.#memory = memory;
    memory.lendTo(this.#partitions);
  }

  open(route: string): OpenPartition {
    const name = `${route}#${this.#opened++}`;
    this.#names.add(name);
    this.#arrange();
    return { name, store: this.#partitions.of(name) };
  }

  close({ name }: OpenPartition): void {
    this.#names.delete(name);
    this.#arrange();
  }

  /** When something was stored: other partitions may be above their share since the last version, and calls may need the memory. */
  makeRoom(now: number): void {
    if (!this.#isTrimmed) this.#partitions.trim(now);
    this.#isTrimmed = true;
    this.#memory?.evict(now);
  }

  #arrange(): void {
    this.#partitions.arrange([...this.#names].map((route) => ({ route })));
    this.#isTrimmed = false;
  }
}
