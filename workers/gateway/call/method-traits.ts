// What the proto of a method, and the HTTP method of a REST rule, allow the gateway to do with its calls.
import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";

export interface MethodTraits {
  readonly isUnary: boolean;
  readonly isRequestStream: boolean; // the request is a stream of messages
  /** A unary call that may be sent again where an upstream may have worked on it already. */
  readonly isSafe: boolean;
  /** A unary call that changes nothing: its response may be stored, and two of them may run side by side. */
  readonly hasNoSideEffects: boolean;
}

/**
 * @param httpMethod of the REST rule a call came in by; a GET may be sent again whatever the proto says
 * @see RFC 9110, section 9.2.2
 */
export function methodTraits({ methodKind, idempotency }: DescMethod, httpMethod?: string): MethodTraits {
  const isUnary = methodKind === "unary";
  return {
    isUnary,
    isRequestStream: methodKind === "client_streaming" || methodKind === "bidi_streaming",
    isSafe: isUnary && (httpMethod === "GET" || idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN),
    hasNoSideEffects: isUnary && idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS,
  };
}
