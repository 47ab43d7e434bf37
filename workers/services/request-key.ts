// The idempotency key of a call, which makes it safe to repeat: a field of the request, or the header of the same meaning.
// @see google.aip.dev/155; IETF draft-ietf-httpapi-idempotency-key-header
import type { HandlerContext } from "@connectrpc/connect";
import { callerOf } from "../service.ts";
import { hasLength, type Violations } from "./violations.ts";

/**
 * Keys of different callers differ, also where they have the same text: a key that another caller has used, or guesses, gives nobody that
 * caller's response.
 *
 * @returns undefined where the call has no key
 */
export function requestKey(requestId: string, context: HandlerContext, violations: Violations): string | undefined {
  const { requestHeader } = context;
  // The draft defines the header as a string of structured fields: in quotes.
  const fromHeader = requestHeader.get("idempotency-key")?.replace(/^"(.*)"$/, "$1") ?? "";
  const key = requestId === "" ? fromHeader : requestId;
  violations.require(hasLength(key, 0, 64), "request_id", "write 1 to 64 characters, or nothing");
  const isSame = fromHeader === "" || fromHeader === key;
  violations.require(isSame, "request_id", "write the value of the header Idempotency-Key, or leave one of them out");
  if (key === "") return undefined;
  const caller = callerOf(context)?.id ?? "";
  return caller === "" ? key : `${caller}\n${key}`;
}
