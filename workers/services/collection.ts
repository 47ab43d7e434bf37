// A Durable Object that stores messages of one kind and is their only writer: by id, in the order of their creation, with a journal.
// A store of your own extends it, and defines by what else its messages are found and when they may change.

import { DurableObject } from "cloudflare:workers";
import { equals, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AlarmSchedule, type AlarmTask } from "../alarm-schedule.ts";
import { deleteExpiredKeys, type OnceResult, once, recorded } from "../idempotency.ts";
import { EarlierKeys } from "./earlier-keys.ts";
import { draftOf } from "./fields.ts";
import { newId } from "./ids.ts";
import { Journal } from "./journal.ts";
import { migrate } from "./migrate.ts";
import type { Page } from "./pages.ts";
import type { RequestKey } from "./request-key.ts";
import type { Created, Done } from "./store-result.ts";
import type { Batch } from "./watch.ts";

/** The fields that every stored message has. */
export type StoredEntity = Message & { id: string; createTime?: Timestamp | undefined; updateTime?: Timestamp | undefined };

const PAGE_MAX_BYTES = 1_048_576; // a page that reaches this size ends early
const KEY_SWEEP_MS = 60_000; // keys expire one by one; one alarm deletes those of a minute

// A message is found by its id, and by one key more: the e-mail of a user, the user of an order.
const ENTITIES = "CREATE TABLE entities (id TEXT PRIMARY KEY, found_by TEXT NOT NULL, entity BLOB NOT NULL) WITHOUT ROWID";

export abstract class Collection<Entity extends StoredEntity, Kind extends number> extends DurableObject {
  /** Size of the database above which nothing is added, bytes; the limit of the platform is 10 GB. */
  maxBytes = 8_000_000_000;
  readonly journal: Journal;
  readonly #earlierKeys: EarlierKeys;
  readonly #alarms: AlarmSchedule;
  readonly #sql: SqlStorage;
  readonly #schema: GenMessage<Entity>;
  readonly #prefix: string;
  #lastId: string | undefined;

  /**
   * @param prefix     prefix of the ids, `usr`
   * @param migrations SQL that runs after the tables of this class are created; steps are added at the end and never changed
   * @param tasks      what the alarm of the object does, beside the expiry of idempotency keys
   */
  constructor(
    ctx: DurableObjectState,
    env: Cloudflare.Env,
    schema: GenMessage<Entity>,
    prefix: string,
    migrations: readonly string[],
    tasks: Readonly<Record<string, AlarmTask>> = {},
  ) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#schema = schema;
    this.#prefix = prefix;
    this.journal = new Journal(ctx.storage.sql);
    this.#earlierKeys = new EarlierKeys(ctx.storage.sql);
    migrate(ctx.storage, [`${ENTITIES}; ${Journal.TABLE}; ${EarlierKeys.TABLE}`, ...migrations]);
    this.#alarms = new AlarmSchedule(ctx.storage, { keys: this.#keyExpiry(), ...tasks });
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

  /** What the call before with this key has led to; `key_reused` if its draft was another one. */
  findCreated(draft: Entity, key: RequestKey | undefined): OnceResult | undefined {
    if (key === undefined) return undefined;
    const earlier = this.#earlierKeys.find(key.earlierKey, Date.now());
    if (earlier === undefined) return recorded(this.ctx.storage, key);
    const isSame = equals(this.#schema, draftOf(this.#schema, fromBinary(this.#schema, earlier)), draftOf(this.#schema, draft));
    return isSame ? { kind: "done", response: earlier, isReplayed: true } : { kind: "key_reused" };
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

  override alarm(): Promise<void> {
    return this.#alarms.run();
  }

  /** The key by which a message is found, beside its id. */
  protected abstract foundBy(entity: Entity): string;

  /** Called in the transaction of each change, after it. @param revision its number in the journal */
  protected changed(_change: Kind, _entity: Entity, _revision: number): void {}

  protected find(foundBy: string): Entity | undefined {
    return this.#read("SELECT entity FROM entities WHERE found_by = ?", foundBy)[0];
  }

  /** Adds a message, and records it as the response of its idempotency key. */
  protected add(draft: Entity, key: RequestKey | undefined, change: Kind): Created {
    if (this.#sql.databaseSize > this.maxBytes) return { kind: "full" };
    return this.#alarms.change(() =>
      once(this.ctx.storage, key, () => {
        const now = Date.now();
        this.#lastId = newId(this.#prefix, now, this.#lastId);
        const entity = { ...draft, id: this.#lastId, createTime: timestampFromMs(now), updateTime: timestampFromMs(now) };
        const bytes = this.#encode(entity);
        this.#sql.exec("INSERT INTO entities VALUES (?, ?, ?)", entity.id, this.foundBy(entity), bytes);
        this.changed(change, entity, this.journal.append(change, bytes));
        return bytes;
      }),
    );
  }

  protected replace(changed: Entity, change: Kind): Done<Entity> {
    const entity = { ...changed, updateTime: timestampFromMs(Date.now()) };
    return this.#alarms.change(() => {
      this.#sql.exec("UPDATE entities SET found_by = ?, entity = ? WHERE id = ?", this.foundBy(entity), this.#encode(entity), entity.id);
      this.changed(change, entity, this.journal.append(change, this.#encode(entity)));
      return { kind: "done", entity };
    });
  }

  protected remove(entity: Entity, change: Kind): Done<Entity> {
    return this.#alarms.change(() => {
      this.#sql.exec("DELETE FROM entities WHERE id = ?", entity.id);
      this.changed(change, entity, this.journal.append(change, this.#encode(entity)));
      return { kind: "done", entity };
    });
  }

  /** Deletes idempotency keys that have expired: those of a minute at once. */
  #keyExpiry(): AlarmTask {
    const { storage } = this.ctx;
    return {
      dueAt: () => {
        // At 0, no key has expired, and none is deleted.
        const expiries = [this.#earlierKeys.nextExpiry(), deleteExpiredKeys(storage, 0)].filter((at) => at !== undefined);
        return expiries.length === 0 ? undefined : Math.min(...expiries) + KEY_SWEEP_MS;
      },
      run: (now) => {
        this.#earlierKeys.deleteExpired(now);
        deleteExpiredKeys(storage, now);
      },
    };
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

  #encode(entity: Entity): Uint8Array<ArrayBuffer> {
    return toBinary(this.#schema, entity) as Uint8Array<ArrayBuffer>;
  }
}
