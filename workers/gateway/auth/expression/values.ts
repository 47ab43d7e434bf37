// What an expression reads of a call, as CEL values.
import type { CelInput } from "@bufbuild/cel";
import type { ExpressionFacts } from "../../../../core/auth/expression.ts";
import type { Principal } from "../../../../core/auth/principal.ts";

/** The variables of an expression. */
export const VARIABLES = ["principal", "headers", "source", "message"] as const;
export type Variable = (typeof VARIABLES)[number];

/** A principal is made when its credential is verified, and lives as long as that is cached. */
const principals = new WeakMap<Principal, CelInput>();

/** `null` for an anonymous call, so that to read anything of it is an error. */
export function principalValue(principal: Principal | undefined): CelInput {
  if (principal === undefined) return null;
  let value = principals.get(principal);
  if (value === undefined) {
    const { expiresAt: _, ...facts } = principal;
    value = celValue(facts);
    principals.set(principal, value);
  }
  return value;
}

/** Names in lower case. */
export function headersValue(headers: ExpressionFacts["headers"]): CelInput {
  const values = new Map<string, string>();
  headers.forEach((value, name) => void values.set(name, value));
  return values;
}

export function sourceValue({ address, region }: Pick<ExpressionFacts, "address" | "region">): CelInput {
  const source = new Map([["region", region]]);
  if (address !== null) source.set("address", address);
  return source;
}

/** A value of JSON; what is undefined is left out, so that to read it is an error. */
function celValue(value: unknown): CelInput {
  if (Array.isArray(value)) return value.map(celValue);
  if (typeof value === "object" && value !== null)
    return new Map(
      Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([name, item]) => [name, celValue(item)]),
    );
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}
