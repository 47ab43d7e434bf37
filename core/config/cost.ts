// Settings of what a call costs: a number of tokens, a value of its message, or a value of its response.
import * as v from "valibot";
import type { Checks } from "./problems.ts";
import { readBlock, readSetting } from "./read.ts";
import { block, headerName, type InputOf, readByCode, required, setting, whole } from "./setting.ts";

export type CostFunction = (message: Readonly<Record<string, unknown>>) => number;

export type Cost =
  | { readonly kind: "fixed"; readonly tokens: number }
  | { readonly kind: "response"; readonly header: string; readonly tokens: number; readonly max: number }
  | { readonly kind: "message"; readonly of: CostFunction; readonly max: number };

export const ONE: Cost = { kind: "fixed", tokens: 1 };

/** A number of tokens. */
export const tokens = whole(1, 1_000_000_000, "tokens");

export const COST_SETTINGS = block({
  header: setting(headerName, undefined, "Response header in which the upstream states the cost."),
  estimate: setting(tokens, 1, "Tokens that are taken before the call; the rest is taken after it."),
  of: readByCode(
    v.custom<CostFunction>((value) => typeof value === "function"),
    "Instead of `header`: a function of the request message that returns the cost. A message that cannot be read costs `max`.",
    { shape: "function" },
  ),
  max: required(tokens, "The largest cost.", "write the largest cost, in tokens"),
});

/** For the types and the documentation of settings; `parseCost` reads them. */
export const cost = v.union([tokens, COST_SETTINGS]);

export type CostInput = InputOf<typeof cost>;

const FIX = "write a number, { header, max }, or { of: (message) => number, max }";

export function parseCost(check: Checks, path: string, value: unknown, outer: Cost): Cost {
  if (value === undefined) return outer;
  if (typeof value !== "object" || value === null)
    return { kind: "fixed", tokens: readSetting(check, path, tokens, value, { value: 1 }) as number };
  const { header, estimate, of, max } = readBlock(check, path, COST_SETTINGS, value);
  if (typeof of === "function") return { kind: "message", of: of as CostFunction, max };
  if (!("header" in value)) check.report(path, value, FIX);
  return { kind: "response", header: header ?? "", tokens: estimate, max };
}

/** The most that one call may take before it is sent, tokens. */
export function maxUpfrontCost(cost: Cost): number {
  return cost.kind === "message" ? cost.max : cost.tokens;
}
