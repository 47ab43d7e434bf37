// Evaluates the expression of a route for a call.
import type { Message } from "@bufbuild/protobuf";
import type { Expression, ExpressionFault } from "../../../core/auth/expression.ts";
import type { Enforcement } from "../../../core/config/enforcement.ts";
import type { Call } from "../call.ts";
import { currentRegion } from "../region/isolate-region.ts";

/** An expression in force: its mode is not `off`. */
export interface CompiledAllow extends Enforcement {
  readonly expression: Expression<Message>;
}

/** @returns why the call is not allowed; undefined where it is */
export function expressionFault({ expression }: CompiledAllow, call: Call): ExpressionFault | undefined {
  const { principal, request, caller } = call;
  const facts = { principal, headers: request.headers, address: caller.address, region: currentRegion() };
  return expression.decide({ ...facts, message: () => messageOf(call) });
}

/** A message that cannot be read, or has too many elements, decides nothing. */
function messageOf(call: Call): Message | undefined {
  try {
    return call.message();
  } catch {
    return undefined;
  }
}
