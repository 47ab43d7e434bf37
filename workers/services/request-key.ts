// The key that makes a call safe to repeat: a field of the request, or the header that says the same.
// @see google.aip.dev/155; IETF draft-ietf-httpapi-idempotency-key-header
import type { HandlerContext } from "@connectrpc/connect";
import { lengthOf, type Violations } from "./violations.ts";

/** @returns undefined where the caller gave none */
export function requestKey(requestId: string, { requestHeader }: HandlerContext, wrong: Violations): string | undefined {
  // In the draft the header is a string of structured fields: in quotes.
  const fromHeader = requestHeader.get("idempotency-key")?.replace(/^"(.*)"$/, "$1") ?? "";
  const key = requestId === "" ? fromHeader : requestId;
  wrong.unless(lengthOf(key) <= 64, "request_id", "write 1 to 64 characters, or nothing");
  wrong.unless(
    fromHeader === "" || fromHeader === key,
    "request_id",
    "write what the header Idempotency-Key says, or leave one of them out",
  );
  return key === "" ? undefined : key;
}
