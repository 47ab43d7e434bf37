// Who has made a change, and why: proven where the credential says so, and as the audit has it.
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { OPERATOR_HEADER } from "../../../core/headers.ts";
import type { ChangeAuthor } from "../../../durable-objects/circuit-breaker.ts";
import { callerOf } from "../../service.ts";

/** The operator's name is not verified: everybody with the secret may write any name. The audit therefore has the secret's name as well. */
export function authorOf(context: HandlerContext, reason: string): ChangeAuthor {
  const { requestHeader } = context;
  const proven = (callerOf(context)?.id ?? "").replace(/^secret:/, "");
  const name = requestHeader.get(OPERATOR_HEADER);
  if (name !== null && !/^[\w.@+-]{1,64}$/.test(name))
    throw new ConnectError(`${OPERATOR_HEADER}: write 1 to 64 letters, digits and . @ + - _`, Code.InvalidArgument);
  const trimmed = reason.trim();
  if (trimmed.length < 1 || trimmed.length > 500)
    throw new ConnectError("reason: write 1 to 500 characters, for the audit", Code.InvalidArgument);
  return { author: name === null ? proven : `${name} (${proven})`, reason: trimmed };
}
