// The idempotency key of a call, which makes it safe to repeat: a field of the request, or the header of the same meaning.
// @see google.aip.dev/155; IETF draft-ietf-httpapi-idempotency-key-header
import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { type IdempotencyKey, idempotencyKey } from "../idempotency.ts";
import { callerOf } from "../service.ts";
import { hasLength, type Violations } from "./violations.ts";

/** Plain data: a store gets it. */
export interface RequestKey extends IdempotencyKey {
  readonly isField: boolean; // the caller has written it into the field of the request
  readonly earlierKey: string; // the key in rows of versions before `once`
}

/**
 * The value of the key, before the request is checked.
 *
 * @returns empty where the call has no key
 */
export function requestKeyValue(requestId: string, { requestHeader }: HandlerContext, violations: Violations): string {
  // Keys without quotes, which the draft does not allow, have been accepted from the start.
  const fromHeader = requestHeader.get("idempotency-key")?.replace(/^"(.*)"$/, "$1") ?? "";
  const value = requestId === "" ? fromHeader : requestId;
  violations.require(hasLength(value, 0, 64), "request_id", "write 1 to 64 characters, or nothing");
  const isSame = fromHeader === "" || fromHeader === value;
  violations.require(isSame, "request_id", "write the value of the header Idempotency-Key, or leave one of them out");
  return value;
}

/**
 * @param value     of `requestKeyValue`
 * @param payload   what has to be equal in a repeat, whichever way the key came
 * @returns undefined where the call has no key
 */
export async function requestKey(
  value: string,
  requestId: string,
  context: HandlerContext,
  schema: DescMessage,
  payload: Message,
): Promise<RequestKey | undefined> {
  if (value === "") return undefined;
  const caller = callerOf(context)?.id ?? "";
  const key = await idempotencyKey(value, context, schema, payload);
  return { ...key, isField: requestId !== "", earlierKey: caller === "" ? value : `${caller}\n${value}` };
}
