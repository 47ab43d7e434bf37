// The idempotency key of a call: whose it is, and the payload that it stands for.
import type { DescMessage, DescMethod, Message } from "@bufbuild/protobuf";
import { type ContextKey, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { callerOf } from "../identity/caller.ts";
import { fingerprintOf, sha256 } from "./fingerprint.ts";

/** Plain data: a method passes it to its Durable Object. */
export interface IdempotencyKey {
  /**
   * SHA-256 of the caller's id, the method and the value that the caller has sent: 64 hex digits. Keys of different callers differ, also
   * where they have the same value. Fit as the idempotency key of a call to another system that is made for this one.
   */
  readonly id: string;
  /** SHA-256 of the request message: 64 hex digits. A repeat has the same one. */
  readonly fingerprint: string;
}

/** The part of a call's context that its key depends on. */
export type KeyContext = Pick<HandlerContext, "values" | "method">;

export const IDEMPOTENCY_KEY: ContextKey<IdempotencyKey | undefined> = createContextKey<IdempotencyKey | undefined>(undefined, {
  description: "idempotency key of the call",
});

/**
 * The key of a call whose method is listed in `idempotency.methods`.
 *
 * @returns undefined where the caller has sent none
 */
export function idempotencyKeyOf({ values }: Pick<HandlerContext, "values">): IdempotencyKey | undefined {
  return values.get(IDEMPOTENCY_KEY);
}

/**
 * A key whose value the method reads itself, for example from a field `request_id`.
 *
 * @param value   what the caller has sent
 * @param schema  type of `payload`
 * @param payload what has to be equal in a repeat: the request message, or the part of it that has an effect
 */
export async function idempotencyKey(value: string, context: KeyContext, schema: DescMessage, payload: Message): Promise<IdempotencyKey> {
  const principal = callerOf(context)?.id ?? "";
  const [id, fingerprint] = await Promise.all([keyId(principal, context.method, value), fingerprintOf(schema, payload)]);
  return { id, fingerprint };
}

function keyId(principal: string, { parent, name }: DescMethod, value: string): Promise<string> {
  // In JSON no part can look like the end of another one.
  return sha256(new TextEncoder().encode(JSON.stringify([principal, `${parent.typeName}/${name}`, value])));
}
