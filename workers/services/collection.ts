// A Durable Object that keeps messages of one kind, and is their only writer: by id, in the order of their creation, with a journal.
// A store of your own extends it and says what is special: how else its messages are found, and when they may change.

import { DurableObject } from "cloudflare:workers";
import { equals, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Answers } from "./answers.ts";
import { draftOf } from "./fields.ts";
import { Journal } from "./journal.ts";
import { migrate } from "./migrate.ts";
import type { Page } from "./pages.ts";
import { newId } from "./ulid.ts";
import type { Done, Refused } from "./verdict.ts";
import type { Batch } from "./watch.ts";

/** What every message kept has. */
export type Kept = Message & { id: string; createTime?: Timestamp | undefined; updateTime?: Timestamp | undefined };

export type Created<Entity> = Done<Entity> | Refused<"key_reused" | "full">;

// A page ends early before it outgrows what one answer should carry.
const PAGE_MAX_BYTES = 1_048_576;

// Found by its id, and by one thing more: the e-mail of a user, the user of an order.
const ENTITIES = "CREATE TABLE entities (id TEXT PRIMARY KEY, found_by TEXT NOT NULL, entity BLOB NOT NULL) WITHOUT ROWID";

export abstract class Collection<Entity extends Kept, Kind extends number> extends DurableObject {
  /** Size of the database beyond which nothing new is taken in; the platform's own limit is 10 GB. */
  maxBytes = 8_000_000_000;
  readonly journal: Journal;
  readonly answers: Answers;
  readonly #sql: SqlStorage;
  readonly #schema: GenMessage<Entity>;
  readonly #prefix: string;
  #lastId: string | undefined;

  /**
   * @param prefix     of its ids, `usr`
   * @param migrations SQL that runs after the tables here are made; only ever added to
   */
  constructor(ctx: DurableObjectState, env: Cloudflare.Env, schema: GenMessage<Entity>, prefix: string, migrations: readonly string[]) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#schema = schema;
    this.#prefix = prefix;
    this.journal = new Journal(ctx.storage.sql);
    this.answers = new Answers(ctx.storage);
    migrate(ctx.storage, [`${ENTITIES}; ${Journal.TABLE}; ${Answers.TABLE}`, ...migrations]);
    this.#lastId = this.#sql.exec<{ id: string | null }>("SELECT MAX(id) AS id FROM entities").one().id ?? undefined;
  }

  get(id: string): Entity | undefined {
    return this.#read("SELECT entity FROM entities WHERE id = ?", id)[0];
  }

  /** A page in the order of creation; with `foundBy`, of those found by it. */
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

  /** What was created when this key was first used; `key_reused` if that was for another draft. */
  recall(draft: Entity, key: string | undefined): Created<Entity> | undefined {
    const found = key === undefined ? undefined : this.answers.find(key, Date.now());
    if (found === undefined) return undefined;
    const entity = fromBinary(this.#schema, found);
    return equals(this.#schema, draftOf(this.#schema, entity), draftOf(this.#schema, draft))
      ? { kind: "done", entity }
      : { kind: "key_reused" };
  }

  /** The changes after a revision; waits for the next one, for a while, where there are none. */
  async changes(after: bigint | undefined, waitMs: number): Promise<Batch<Entity, Kind>> {
    const { oldest, latest } = this.journal.range();
    const from = after === undefined ? latest : Number(after);
    if (from > latest || from < oldest - 1) return { kind: "out_of_range", oldest: BigInt(oldest), latest: BigInt(latest) };
    if (from === latest) await this.journal.next(waitMs);
    const changes = this.journal.after(from).map(({ revision, kind, entity }) => {
      return { revision: BigInt(revision), kind: kind as Kind, entity: this.#decode(entity) };
    });
    return { kind: "changes", changes, revision: changes.at(-1)?.revision ?? BigInt(from) };
  }

  override async alarm(): Promise<void> {
    await this.answers.sweep(Date.now());
  }

  /** What a message is found by, apart from its id. */
  protected abstract foundBy(entity: Entity): string;

  protected find(foundBy: string): Entity | undefined {
    return this.#read("SELECT entity FROM entities WHERE found_by = ?", foundBy)[0];
  }

  /** Takes in a new message, and remembers it as the answer to its key. */
  protected add(draft: Entity, key: string | undefined, change: Kind): Created<Entity> {
    if (this.#sql.databaseSize > this.maxBytes) return { kind: "full" };
    const now = Date.now();
    this.#lastId = newId(this.#prefix, now, this.#lastId);
    const entity = { ...draft, id: this.#lastId, createTime: timestampFromMs(now), updateTime: timestampFromMs(now) };
    return this.ctx.storage.transactionSync(() => {
      this.#sql.exec("INSERT INTO entities VALUES (?, ?, ?)", entity.id, this.foundBy(entity), this.#encode(entity));
      if (key !== undefined) this.answers.add(key, this.#encode(entity), now);
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
