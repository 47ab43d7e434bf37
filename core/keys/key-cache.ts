// Keys as they were read, with the sequence of changes that makes them outdated. In an isolate and in a relay, bounded in bytes.
//
// Every key in it is as of the latest known change: a change removes its key, and a key that was read before one of its changes is not
// taken. So a key may be used for as long as the sequence itself is recent enough, and no key has a lifetime of its own.
import { Lru } from "../cache/store/lru.ts";
import { EMPTY_KEY_LOG, hasChangedSince, type KeyDelta, type KeyLog, withKeyDelta } from "./key-log.ts";

const ENTRY_BYTES = 200; // a map entry and its slot, beside the value
const NEVER = Number.POSITIVE_INFINITY;

export class KeyCache<V> {
  readonly #keys: Lru<V>;
  #log: KeyLog = EMPTY_KEY_LOG;

  constructor(maxBytes: number) {
    this.#keys = new Lru<V>({ maxBytes, maxEntries: Math.max(1, Math.floor(maxBytes / ENTRY_BYTES)) });
  }

  /** The changes that this cache knows. */
  get log(): KeyLog {
    return this.#log;
  }

  get size(): number {
    return this.#keys.size;
  }

  get bytes(): number {
    return this.#keys.bytes;
  }

  get(id: string, now: number): V | undefined {
    return this.#keys.get(id, now);
  }

  /**
   * @param bytes     memory of the value
   * @param seq       latest change that was known when the read started
   * @param keepUntil epoch ms
   * @returns false where the key may have changed since then: it has to be read again
   */
  insert(id: string, value: V, bytes: number, seq: number, now: number, keepUntil = NEVER): boolean {
    if (hasChangedSince(this.#log, id, seq)) return false;
    this.#keys.set(id, value, bytes + ENTRY_BYTES, keepUntil, now);
    return true;
  }

  delete(id: string): void {
    this.#keys.delete(id);
  }

  /** Applies a delta of the log, and removes the keys that it names: all of them where it does not name each. */
  apply(delta: KeyDelta): void {
    const before = this.#log;
    const { log, isComplete } = withKeyDelta(before, delta);
    this.#log = log;
    if (!isComplete) this.#keys.clear();
    else if (log !== before) for (const { id, seq } of log.changes) if (seq > before.seq) this.#keys.delete(id);
  }
}
