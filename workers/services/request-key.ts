// The idempotency key of a call, which makes it safe to repeat: a field of the request, or the header of the same meaning.
// @see google.aip.dev/155; IETF draft-ietf-httpapi-idempotency-key-header
import type { HandlerContext } from "@connectrpc/connect";
import { lengthOf, type Violations } from "./violations.ts";

/** @returns undefined where the call has no key */
export function requestKey(requestId: string, { requestHeader }: HandlerContext, violations: Violations): string | undefined {
  // The draft defines the header as a string of structured fields: in quotes.
  const fromHeader = requestHeader.get("idempotency-key")?.replace(/^"(.*)"$/, "$1") ?? "";
  const key = requestId === "" ? fromHeader : requestId;
  violations.require(lengthOf(key) <= 64, "request_id", "write 1 to 64 characters, or nothing");
  const isSame = fromHeader === "" || fromHeader === key;
  violations.require(isSame, "request_id", "write the value of the header Idempotency-Key, or leave one of them out");
  return key === "" ? undefined : key;
}
