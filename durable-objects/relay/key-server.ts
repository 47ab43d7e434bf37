// Answers questions about API keys: calls of isolates wait for the answer. What the relay knows is enough in most cases; the rest is
// read from the Durable Objects of the keys, each key once, however many isolates wait for it.
import { type KeyReading, type KeysAnswer, type KeysQuestion, MAX_WANTED_KEYS, type WantedKey } from "../../core/exchange/key-messages.ts";
import { EXCHANGE_VERSION } from "../../core/exchange/messages.ts";
import type { KeyChangesRequest, RelayedKeys } from "../../core/exchange/relayed-keys.ts";
import type { KeyDelta } from "../../core/keys/key-log.ts";
import type { KeyGrant } from "../../core/keys/key-record.ts";
import { shardName, shardOf } from "../../core/keys/key-shards.ts";
import type { KeyUseTimes } from "../../core/keys/key-uses.ts";
import { logEvent } from "../../workers/log.ts";

/** What is used of the Durable Objects of the keys. */
export interface KeyStores {
  getByName(name: string): {
    read(ids: readonly string[]): Promise<Record<string, KeyGrant | null>>;
    since(known: number): Promise<KeyDelta>;
    stamp(uses: KeyUseTimes): Promise<void>;
  };
}

/** How a relay waits for its requests to root objects. */
export interface KeyWaits {
  /** Waits for the request, or for the one that is running. Never rejects, and takes a limited time. */
  refresh(request: KeyChangesRequest | undefined): Promise<void>;
  /** Waits for promises that never reject, for a limited time. */
  settled(promises: readonly Promise<void>[]): Promise<void>;
}

const READS = 2; // a key that has changed while it was read is read once more

export class KeyServer {
  readonly #stores: KeyStores | undefined;
  readonly #keys: RelayedKeys;
  readonly #waits: KeyWaits;
  readonly #reading = new Map<string, Promise<void>>(); // keyed by id; they never reject

  constructor(stores: KeyStores | undefined, keys: RelayedKeys, waits: KeyWaits) {
    this.#stores = stores;
    this.#keys = keys;
    this.#waits = waits;
  }

  async answer({ known, maxAgeMs, wanted }: KeysQuestion): Promise<KeysAnswer> {
    const some = wanted.slice(0, MAX_WANTED_KEYS);
    const now = Date.now();
    if (!this.#keys.isRecent(maxAgeMs, now)) await this.#waits.refresh(this.#keys.receiveQuestion(maxAgeMs, now));
    const read = new Set<string>();
    for (let round = 0; round < READS; round++) {
      const missing = some.filter((one) => this.#readingOf(one, read) === undefined);
      if (missing.length === 0) break;
      await this.#waits.settled(this.#read(missing));
      for (const { id } of missing) read.add(id);
    }
    // All readings and the view are of this moment: a change that came meanwhile has removed its key.
    const readings = some.flatMap((one): [string, KeyReading][] => {
      const reading = this.#readingOf(one, read);
      return reading === undefined ? [] : [[one.id, reading]];
    });
    const view = this.#keys.viewFor(known, Date.now());
    // Without a view nothing shows whether a key has changed since it was read.
    if (view === undefined) return { version: EXCHANGE_VERSION, keys: {} };
    return { version: EXCHANGE_VERSION, keys: Object.fromEntries(readings), view };
  }

  /** Passes times of use on, in the background: nothing waits for it. */
  passUses(uses: KeyUseTimes): void {
    const byShard = Map.groupBy(Object.entries(this.#keys.pass(uses)), ([id]) => shardOf(id));
    for (const [shard, entries] of byShard) {
      const stamped = this.#stores?.getByName(shardName(shard)).stamp(Object.fromEntries(entries));
      stamped?.catch((error) => logEvent("relay_request_failed", { root: `key uses ${shardName(shard)}`, error }));
    }
  }

  /** @param read ids that were read for this question: what was read is the latest, whatever its revision is */
  #readingOf({ id, revision }: WantedKey, read: ReadonlySet<string>): KeyReading | undefined {
    return this.#keys.readingOf({ id, revision: read.has(id) ? 0 : revision }, Date.now());
  }

  /** Whoever has a revision already wants what is there now: a read that has started before may be too old. */
  #read(wanted: readonly WantedKey[]): Promise<void>[] {
    const running = wanted.flatMap(({ id, revision }) => (revision === 0 ? (this.#reading.get(id) ?? []) : []));
    const started = wanted.filter(({ id, revision }) => revision !== 0 || !this.#reading.has(id)).map(({ id }) => id);
    const byShard = Map.groupBy(started, shardOf);
    const reads = [...byShard].map(([shard, ids]) => {
      const done = this.#readShard(shard, ids).catch((error) =>
        logEvent("relay_request_failed", { root: `keys ${shardName(shard)}`, error }),
      );
      for (const id of ids) this.#reading.set(id, done);
      return done.then(() => {
        for (const id of ids) if (this.#reading.get(id) === done) this.#reading.delete(id);
      });
    });
    return [...running, ...reads];
  }

  async #readShard(shard: number, ids: readonly string[]): Promise<void> {
    if (this.#stores === undefined) throw new Error("found no binding KEY_STORE");
    const { seq } = this.#keys;
    const grants = await this.#stores.getByName(shardName(shard)).read(ids);
    const now = Date.now();
    for (const id of ids) this.#keys.read(id, grants[id] ?? null, seq, now);
  }
}
