// Nonces of signed requests that have been used anywhere, until their signatures count no more. A gateway has several logs, by hash.
import { DurableObject } from "cloudflare:workers";

/** Nonces of one log. A caller with a key can fill it; more are refused, so that none is forgotten early. */
const MAX_NONCES = 100_000;
/** Time between two sweeps, ms. */
const SWEEP_MS = 60_000;

/** `full`: it cannot be decided, since the nonce cannot be stored. */
export interface NonceReply {
  readonly decision: "first" | "repeated" | "full";
}

export class NonceLog extends DurableObject {
  readonly #max: number;
  #count: number;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env, max = MAX_NONCES) {
    super(ctx, env);
    this.#max = max;
    const { sql } = ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS nonces (nonce TEXT PRIMARY KEY, ends_at INTEGER) WITHOUT ROWID");
    sql.exec("CREATE INDEX IF NOT EXISTS nonces_by_end ON nonces (ends_at)");
    this.#count = sql.exec<{ count: number }>("SELECT COUNT(*) AS count FROM nonces").one().count;
  }

  /**
   * Stores a nonce where it is new. It is written before the call goes on, so a restart forgets none.
   *
   * @param nonce  with the key that it belongs to
   * @param endsAt epoch ms from which its signature counts no more
   */
  async use(nonce: string, endsAt: number): Promise<NonceReply> {
    const now = Date.now();
    const { sql } = this.ctx.storage;
    const [known] = sql.exec<{ ends_at: number }>("SELECT ends_at FROM nonces WHERE nonce = ?", nonce);
    if (known !== undefined && known.ends_at > now) return { decision: "repeated" };
    if (known === undefined && this.#count >= this.#max) this.#sweep(now);
    if (known === undefined && this.#count >= this.#max) return { decision: "full" };
    sql.exec("INSERT OR REPLACE INTO nonces VALUES (?, ?)", nonce, endsAt);
    if (known === undefined) this.#count += 1;
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(now + SWEEP_MS);
    return { decision: "first" };
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    this.#sweep(now);
    if (this.#count > 0) await this.ctx.storage.setAlarm(now + SWEEP_MS);
  }

  #sweep(now: number): void {
    const { sql } = this.ctx.storage;
    sql.exec("DELETE FROM nonces WHERE ends_at <= ?", now);
    this.#count = sql.exec<{ count: number }>("SELECT COUNT(*) AS count FROM nonces").one().count;
  }
}
