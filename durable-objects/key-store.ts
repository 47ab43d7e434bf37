// API keys, and their only writer. A key is in the shard of its id. One more Durable Object of this class, `changes`, has the sequence of
// changed keys, which relays follow.
//
// Whoever changes a key writes the key first and the sequence after it: a relay that reads the key in between reads it once more.
import { DurableObject } from "cloudflare:workers";
import { changed, type KeyOutcome, type KeySecret, revoked, withFields, withSecret } from "../core/keys/key-changes.ts";
import { changesSince, type KeyDelta } from "../core/keys/key-log.ts";
import { grantOf, type KeyFields, type KeyGrant, type KeyRecord } from "../core/keys/key-record.ts";
import type { KeyUseTimes } from "../core/keys/key-uses.ts";
import { KeyLogTable } from "./keys/key-log-table.ts";
import { type KeyQuery, KeyTable, type StoredKey } from "./keys/key-table.ts";

const MAX_KEYS = 100_000; // about 100 MB

export class KeyStore extends DurableObject {
  readonly #maxKeys: number;
  readonly #table: KeyTable;
  readonly #log: KeyLogTable;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env, maxKeys = MAX_KEYS) {
    super(ctx, env);
    this.#maxKeys = maxKeys;
    this.#table = new KeyTable(ctx.storage.sql);
    this.#log = new KeyLogTable(ctx.storage);
  }

  /** What isolates need of some keys; null for one that is not there. */
  read(ids: readonly string[]): Record<string, KeyGrant | null> {
    return Object.fromEntries(ids.map((id) => [id, this.#grantOf(id)]));
  }

  get(id: string): StoredKey | undefined {
    return this.#table.get(id);
  }

  /** Keys of this shard in the order of their ids. */
  list(query: KeyQuery): StoredKey[] {
    return this.#table.list(query);
  }

  /** Adds new keys, each by itself. @returns the outcome of each */
  add(records: readonly KeyRecord[]): KeyOutcome[] {
    const outcomes: KeyOutcome[] = [];
    this.ctx.storage.transactionSync(() => {
      let count = this.#table.count;
      if (count + records.length > this.#maxKeys) {
        this.#table.removeEnded(Date.now());
        count = this.#table.count;
      }
      for (const record of records) {
        const problem = this.#table.get(record.id) !== undefined ? "exists" : count >= this.#maxKeys ? "full" : undefined;
        if (problem === undefined) {
          this.#table.put(record);
          count += 1;
        }
        outcomes.push(problem === undefined ? { kind: "ok", record } : { kind: "refused", problem });
      }
    });
    return outcomes;
  }

  /** @param expectedRevision revision that the change is based on; 0 for any */
  update(id: string, expectedRevision: number, fields: KeyFields): KeyOutcome {
    return this.#change(id, (record, now) => changed(record, expectedRevision, withFields(fields), now));
  }

  /** @param overlapMs time for which the former secret counts, too */
  roll(id: string, expectedRevision: number, secret: KeySecret, overlapMs: number): KeyOutcome {
    return this.#change(id, (record, now) => changed(record, expectedRevision, withSecret(secret, overlapMs), now));
  }

  revoke(id: string): KeyOutcome {
    return this.#change(id, revoked);
  }

  /** Times of use, as isolates have reported them. */
  stamp(uses: KeyUseTimes): void {
    this.#table.stamp(uses, Date.now());
  }

  /** Appends changes to the sequence. Only the Durable Object `changes` has it. @returns the number of the last one */
  append(ids: readonly string[]): number {
    this.#log.append(ids, Date.now());
    return this.#log.log.seq;
  }

  /** What a relay does not know of the sequence yet. @param known latest change that it knows; 0 for none */
  since(known: number): KeyDelta {
    return changesSince(this.#log.log, known);
  }

  #grantOf(id: string): KeyGrant | null {
    const stored = this.#table.get(id);
    return stored === undefined ? null : grantOf(stored.record);
  }

  #change(id: string, change: (record: KeyRecord | undefined, now: number) => KeyOutcome): KeyOutcome {
    const before = this.#table.get(id)?.record;
    const outcome = change(before, Date.now());
    if (outcome.kind === "ok" && outcome.record !== before) this.#table.put(outcome.record);
    return outcome;
  }
}
