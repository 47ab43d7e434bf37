// The Durable Object that records the responses of calls with an idempotency key: one of the shards of a service.
import { DurableObject } from "cloudflare:workers";
import { type Beginning, type Begun, begin, finish, isReleased, MAX_RESPONSE_BYTES } from "../../../../core/idempotency/call-record.ts";
import { CallTable } from "../call-table.ts";
import type { RecordStore, StoreFull } from "../store-contract.ts";

const SWEEP_INTERVAL_MS = 60_000; // rows expire one by one; one alarm deletes those of a minute

/**
 * Declare the class in the wrangler.toml of the Worker whose service has the option `idempotency`, and export it there:
 *
 * ```ts
 * export { IdempotencyStore } from "tidegate/idempotency";
 * ```
 *
 * A shard has at most 100,000 keys of the last 24 hours; above it the oldest ones are forgotten early. Responses are at most 64 KiB.
 */
export class IdempotencyStore extends DurableObject implements RecordStore {
  readonly table: CallTable;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.table = new CallTable(ctx.storage.sql);
  }

  async begin(id: string, call: Beginning): Promise<Begun<Uint8Array> | StoreFull> {
    const now = Date.now();
    const [record, begun] = begin(this.table.read(id), call, now);
    if (begun.kind !== "started") return begun;
    const isFirst = this.table.oldest() === undefined; // while there are rows, an alarm is set
    if (!this.table.add(id, record, now)) return { kind: "full" };
    if (isFirst) void this.ctx.storage.setAlarm(record.expiresAt);
    return begun;
  }

  async finish(id: string, token: string, response: Uint8Array): Promise<boolean> {
    const { byteLength: bytes } = response;
    const recorded = bytes > MAX_RESPONSE_BYTES ? { kind: "omitted" as const, bytes } : { kind: "stored" as const, response };
    const record = finish(this.table.read(id), token, recorded, Date.now());
    if (record === undefined) return false;
    this.table.replace(id, record);
    return true;
  }

  async release(id: string, token: string): Promise<void> {
    if (isReleased(this.table.read(id), token)) this.table.delete(id);
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    const next = this.table.deleteExpired(now);
    if (next !== undefined) await this.ctx.storage.setAlarm(Math.max(next, now) + SWEEP_INTERVAL_MS);
  }
}
