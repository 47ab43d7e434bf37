// Whether the nonce of a signature is used for the first time: in this isolate, or in the world.

import { NonceMemory } from "../../../../core/auth/signature/nonce-memory.ts";
import type { ReplayMode } from "../../../../core/config/auth/signatures.ts";
import { hash32 } from "../../../../core/hash.ts";
import type { NonceLog } from "../../../../durable-objects/nonce-log.ts";
import { countObjectRequest } from "../../background/cost-meters.ts";

export type NonceUse = "first" | "repeated" | "unavailable";

/** Nonces of one isolate, about 200 bytes each. */
const MAX_NONCES = 10_000;
const LOGS = 16;
/** Time for the answer of a log; without it the call is refused. */
const TIMEOUT_MS = 2_000;

export class Nonces {
  readonly #memory: NonceMemory;
  readonly #logs: DurableObjectNamespace<NonceLog> | undefined;
  readonly needsNonce: boolean;

  /** @param logs the binding NONCE_LOG; read for `strict` only @param memory the nonces that this isolate has seen */
  constructor(replay: ReplayMode, logs: DurableObjectNamespace<NonceLog> | undefined, memory = nonceMemory()) {
    this.#memory = memory;
    this.needsNonce = replay === "strict";
    this.#logs = this.needsNonce ? logs : undefined;
  }

  /** @param nonce with the key that it belongs to @param endsAt epoch ms from which its signature counts no more */
  use(nonce: string, endsAt: number, now: number): NonceUse | Promise<NonceUse> {
    if (!this.#memory.use(nonce, endsAt, now)) return "repeated";
    return this.#logs === undefined ? "first" : this.#useInLog(this.#logs, nonce, endsAt);
  }

  async #useInLog(logs: DurableObjectNamespace<NonceLog>, nonce: string, endsAt: number): Promise<NonceUse> {
    try {
      countObjectRequest("NONCE_LOG");
      const log = logs.getByName(`nonces-${hash32(nonce) % LOGS}`);
      const { decision } = await within(log.use(nonce, endsAt), TIMEOUT_MS);
      return decision === "first" || decision === "repeated" ? decision : "unavailable";
    } catch {
      return "unavailable";
    }
  }
}

export function nonceMemory(): NonceMemory {
  return new NonceMemory(MAX_NONCES);
}

async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no response within ${timeoutMs} ms`)), timeoutMs);
      }),
    ]);
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
}
