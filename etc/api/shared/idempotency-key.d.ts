import { DescMessage, Message } from "@bufbuild/protobuf";
import { HandlerContext } from "@connectrpc/connect";
/** Plain data: a method passes it to its Durable Object. */
interface IdempotencyKey {
  /**
   * SHA-256 of the caller's id, the method and the value that the caller has sent: 64 hex digits. Keys of different callers differ, also
   * where they have the same value. Fit as the idempotency key of a call to another system that is made for this one.
   */
  readonly id: string;
  /** SHA-256 of the request message: 64 hex digits. A repeat has the same one. */
  readonly fingerprint: string;
}
/** The part of a call's context that its key depends on. */
type KeyContext = Pick<HandlerContext, "values" | "method">;
/**
 * The key of a call whose method is listed in `idempotency.methods`.
 *
 * @returns undefined where the caller has sent none
 */
declare function idempotencyKeyOf({ values }: Pick<HandlerContext, "values">): IdempotencyKey | undefined;
/**
 * A key whose value the method reads itself, for example from a field `request_id`.
 *
 * @param value   what the caller has sent
 * @param schema  type of `payload`
 * @param payload what has to be equal in a repeat: the request message, or the part of it that has an effect
 */
declare function idempotencyKey(value: string, context: KeyContext, schema: DescMessage, payload: Message): Promise<IdempotencyKey>;
export { idempotencyKey as n, idempotencyKeyOf as r, IdempotencyKey as t };