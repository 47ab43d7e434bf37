// A Durable Object that stores messages of one kind and is their only writer: by id, in the order of their creation, with a journal.
// A store of your own extends it, and defines by what else its messages are found and when they may change.

import { DurableObject } from "cloudflare:workers";
import { equals, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { draftOf } from "./fields.ts";
import { IdempotencyKeys } from "./idempotency-keys.ts";
import { newId } from "./ids.ts";
import { Journal } from "./journal.ts";
import { migrate } from "./migrate.ts";
import type { Page } from "./pages.ts";
import type { Done, Refused } from "./store-result.ts";
import type { Batch } from "./watch.ts";

/** The fields that every stored message has. */
export type StoredEntity = Message & { id: string; createTime?: Timestamp | undefined; updateTime?: Timestamp | undefined };

export type Created<Entity> = Done<Entity> | Refused<"key_reused" | "full">;

const PAGE_MAX_BYTES = 1_048_576; // a page that reaches this size ends early

// A message is found by its id, and by one key more: the e-mail of a user, the user of an order.
const ENTITIES = "CREATE TABLE entities (id TEXT PRIMARY KEY, found_by TEXT NOT NULL, entity BLOB NOT NULL) WITHOUT ROWID";

export abstract class Collection<Entity extends StoredEntity, Kind extends number> extends DurableObject {
  /** Size of the database above which nothing is added, bytes; the limit of the platform is 10 GB. */
  maxBytes = 8_000_000_000;
  readonly journal: Journal;
  readonly idempotencyKeys: IdempotencyKeys;
  readonly #sql: SqlStorage;
  readonly #schema: GenMessage<Entity>;
  readonly #prefix: string;
  #lastId: string | undefined;

  /**
   * @param prefix     prefix of the ids, `usr`
   * @param migrations SQL that runs after the tables of this class are created; steps are added at the end and never changed
   */
  constructor(ctx: DurableObjectState, env: Cloudflare.Env, schema: GenMessage<Entity>, prefix: string, migrations: readonly string[]) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#schema = schema;
    this.#prefix = prefix;
    this.journal = new Journal(ctx.storage.sql);
    this.idempotencyKeys = new IdempotencyKeys(ctx.storage);
    migrate(ctx.storage, [`${ENTITIES}; ${Journal.TABLE}; ${IdempotencyKeys.TABLE}`, ...migrations]);
    this.#lastId = this.#sql.exec<{ id: string | null }>("SELECT MAX(id) AS id FROM entities").one().id ?? undefined;
  }

  get(id: string): Entity | undefined {
    return this.#read("SELECT entity FROM entities WHERE id = ?", id)[0];
  }

  /** A page in the order of creation; with `foundBy`, only messages with that key. */
  list({ limit, after }: Page, foundBy?: string): { entities: Entity[]; hasMore: boolean } {
    const rest = "id > ? ORDER BY id LIMIT ?";
    const rows =
      foundBy === undefined
        ? this.#sql.exec<{ entity: ArrayBuffer }>(`SELECT entity FROM entities WHERE ${rest}`, after, limit + 1)
        : this.#sql.exec<{ entity: ArrayBuffer }>(`SELECT entity FROM entities WHERE found_by = ? AND ${rest}`, foundBy, after, limit + 1);
    const entities: Entity[] = [];
    let bytes = 0;
    for (const { entity } of rows) {
      if (entities.length === limit || bytes > PAGE_MAX_BYTES) return { entities, hasMore: true };
      entities.push(this.#decode(entity));
      bytes += entity.byteLength;
    }
    return { entities, hasMore: false };
  }

  /** The message that was created when this idempotency key was first used; `key_reused` if its draft was another one. */
  findCreated(draft: Entity, key: string | undefined): Created<Entity> | undefined {
    const created = key === undefined ? undefined : this.idempotencyKeys.find(key, Date.now());
    if (created === undefined) return undefined;
    const entity = fromBinary(this.#schema, created);
    return equals(this.#schema, draftOf(this.#schema, entity), draftOf(this.#schema, draft))
      ? { kind: "done", entity }
      : { kind: "key_reused" };
  }

  /** The changes after a revision; where there are none, waits for the next one, at most `waitMs`. */
  async changes(after: bigint | undefined, waitMs: number): Promise<Batch<Entity, Kind>> {
    const { oldest, latest } = this.journal.range();
    const from = after === undefined ? latest : Number(after);
    if (from > latest || from < oldest - 1) return { kind: "out_of_range", oldest: BigInt(oldest), latest: BigInt(latest) };
    if (from === latest && !(await this.journal.next(waitMs))) return { kind: "full" };
    const changes = this.journal.after(from).map(({ revision, kind, entity }) => {
      return { revision: BigInt(revision), kind: kind as Kind, entity: this.#decode(entity) };
    });
    return { kind: "changes", changes, revision: changes.at(-1)?.revision ?? BigInt(from) };
  }

  override async alarm(): Promise<void> {
    await this.idempotencyKeys.deleteExpired(Date.now());
  }

  /** The key by which a message is found, beside its id. */
  protected abstract foundBy(entity: Entity): string;

  protected find(foundBy: string): Entity | undefined {
    return this.#read("SELECT entity FROM entities WHERE found_by = ?", foundBy)[0];
  }

  /** Adds a message, and stores it as the result of its idempotency key. */
  protected add(draft: Entity, key: string | undefined, change: Kind): Created<Entity> {
    if (this.#sql.databaseSize > this.maxBytes) return { kind: "full" };
    const now = Date.now();
    this.#lastId = newId(this.#prefix, now, this.#lastId);
    const entity = { ...draft, id: this.#lastId, createTime: timestampFromMs(now), updateTime: timestampFromMs(now) };
    return this.ctx.storage.transactionSync(() => {
      this.#sql.exec("INSERT INTO entities VALUES (?, ?, ?)", entity.id, this.foundBy(entity), this.#encode(entity));
      if (key !== undefined) this.idempotencyKeys.add(key, this.#encode(entity), now);
      this.journal.append(change, this.#encode(entity));
      return { kind: "done", entity };
    });
  }

  protected replace(changed: Entity, change: Kind): Done<Entity> {
    const entity = { ...changed, updateTime: timestampFromMs(Date.now()) };
    return this.ctx.storage.transactionSync(() => {
      this.#sql.exec("UPDATE entities SET found_by = ?, entity = ? WHERE id = ?", this.foundBy(entity), this.#encode(entity), entity.id);
      this.journal.append(change, this.#encode(entity));
      return { kind: "done", entity };
    });
  }

  protected remove(entity: Entity, change: Kind): Done<Entity> {
    return this.ctx.storage.transactionSync(() => {
      this.#sql.exec("DELETE FROM entities WHERE id = ?", entity.id);
      this.journal.append(change, this.#encode(entity));
      return { kind: "done", entity };
    });
  }

  #read(sql: string, ...bindings: readonly string[]): Entity[] {
    return this.#sql
      .exec<{ entity: ArrayBuffer }>(sql, ...bindings)
      .toArray()
      .map(({ entity }) => this.#decode(entity));
  }

  #decode(entity: ArrayBuffer): Entity {
    return fromBinary(this.#schema, new Uint8Array(entity));
  }

  #encode(entity: Entity): Uint8Array {
    return toBinary(this.#schema, entity);
  }
}
