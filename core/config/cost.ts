// What a call takes from its buckets: a fixed number of tokens, what its message says, or what its answer says it was.
import { type Checks, join } from "./problems.ts";

export type CostInput =
  | number
  /** What the answer says in a header; `estimate` (default 1) is taken before the call, the rest after it. */
  | { readonly header: string; readonly estimate?: number; readonly max: number }
  /** What a function of the request message says, at most `max`. */
  | { readonly of: (message: Readonly<Record<string, unknown>>) => number; readonly max: number };

export type Cost =
  | { readonly kind: "fixed"; readonly tokens: number }
  | { readonly kind: "response"; readonly header: string; readonly tokens: number; readonly max: number }
  | { readonly kind: "message"; readonly of: (message: Readonly<Record<string, unknown>>) => number; readonly max: number };

export const ONE: Cost = { kind: "fixed", tokens: 1 };

export function parseCost(check: Checks, path: string, value: unknown, outer: Cost): Cost {
  const tokens = (at: string, found: unknown, fallback?: number) => {
    if (found === undefined && fallback === undefined) check.report(at, found, "write the largest cost, in tokens");
    return check.integer(at, found, { min: 1, max: 1_000_000_000, fallback: fallback ?? 1, unit: "tokens" });
  };
  if (value === undefined) return outer;
  if (typeof value !== "object" || value === null) return { kind: "fixed", tokens: tokens(path, value, 1) };
  const fields = check.fields(path, value, ["header", "estimate", "of", "max"]);
  const max = tokens(join(path, "max"), fields["max"]);
  if (typeof fields["of"] === "function") return { kind: "message", of: fields["of"] as (message: object) => number, max };
  if (fields["header"] === undefined) check.report(path, value, "write a number, { header, max }, or { of: (message) => number, max }");
  const header = check.header(join(path, "header"), fields["header"]) ?? "";
  return { kind: "response", header, tokens: tokens(join(path, "estimate"), fields["estimate"], 1), max };
}

/** The most that one call may take before it is made, tokens. */
export function maxUpfrontCost(cost: Cost): number {
  return cost.kind === "message" ? cost.max : cost.tokens;
}
