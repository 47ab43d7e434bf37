// A Worker with a Durable Object that records its effects with `once`, and the store for methods that do not.
import { DurableObject } from "cloudflare:workers";
import { type IdempotencyKey, type OnceResult, once, recorded } from "../../../workers/idempotency.ts";

export { IdempotencyStore } from "../../../workers/idempotency.ts";

/** Each effect is a row. */
export class Ledger extends DurableObject {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS effects (n INTEGER PRIMARY KEY, text TEXT NOT NULL)");
  }

  /** @returns the response: the number of the effect, then `bytes` zeros */
  add(key: IdempotencyKey | undefined, text: string, bytes = 0): OnceResult {
    return once(this.ctx.storage, key, () => {
      const { n } = this.ctx.storage.sql.exec<{ n: number }>("INSERT INTO effects (text) VALUES (?) RETURNING n", text).one();
      const response = new Uint8Array(1 + bytes);
      response[0] = n;
      return response;
    });
  }

  before(key: IdempotencyKey | undefined): OnceResult | undefined {
    return recorded(this.ctx.storage, key);
  }

  effects(): string[] {
    const rows = this.ctx.storage.sql.exec<{ text: string }>("SELECT text FROM effects ORDER BY n").toArray();
    return rows.map(({ text }) => text);
  }
}

export default { fetch: () => new Response("no service of its own") };
