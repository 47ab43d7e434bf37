// The bindings of the Worker beside, and what tests read of them.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { IdempotencyStore } from "../../../workers/idempotency.ts";
import type { Ledger } from "./worker.ts";

export const { IDEMPOTENCY_STORE, LEDGER } = env as unknown as {
  IDEMPOTENCY_STORE: DurableObjectNamespace<IdempotencyStore>;
  LEDGER: DurableObjectNamespace<Ledger>;
};

/** Rows of keys in a Durable Object. */
export const keyRows = (stub: DurableObjectStub): Promise<number> =>
  runInDurableObject(stub, (_, { storage }) => {
    return storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM tidegate_idempotency").one().n;
  });

export const idOf = (n: number): string => n.toString(16).padStart(64, "0");
