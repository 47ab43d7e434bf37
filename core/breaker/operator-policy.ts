// Who may open and close breakers by hand, as an operator writes it.
import type { Checks } from "../parse.ts";

export interface OperatorInput {
  /** Name of the secret that calls of tidegate.breaker.v1 bring as bearer token: `wrangler secret put OPERATOR_TOKEN`. */
  readonly tokenBinding: string;
}

export interface OperatorPolicy extends Required<OperatorInput> {}

export function parseOperator(check: Checks, value: unknown): OperatorPolicy | undefined {
  if (value === undefined) return undefined;
  const { tokenBinding } = check.fields("breakers", value, ["tokenBinding"]);
  if (typeof tokenBinding !== "string" || !/^[A-Za-z_]\w*$/.test(tokenBinding))
    check.report("breakers.tokenBinding", tokenBinding, 'write the name of a secret: "OPERATOR_TOKEN"');
  return { tokenBinding: String(tokenBinding) };
}
