// Settings of the expression that allows a call.
import * as v from "valibot";
import { MAX_EXPRESSION_BYTES } from "../../auth/expression.ts";
import { type Enforcement, modeAndPercent } from "../enforcement.ts";
import type { Checks } from "../problems.ts";
import { readBlock } from "../read.ts";
import { block, type InputOf, required, text } from "../setting.ts";

const FIX = `write a CEL expression as text, at most ${MAX_EXPRESSION_BYTES} bytes: "principal.plan == 'pro'"`;

const expression = text(/./, FIX, "CEL expression");

export const ALLOW_SETTINGS = block({
  expression: required(
    expression,
    "CEL expression over `principal`, `headers`, `source` and `message`. A call passes where it is true; an error or anything else refuses it.",
    FIX,
  ),
  ...modeAndPercent("calls that would be refused are counted and logged"),
});

/** The expression alone, or with its mode and percent. */
export const allow = v.union([v.string(), ALLOW_SETTINGS, v.literal(false)]);
export type AllowInput = string | false | InputOf<typeof ALLOW_SETTINGS>;

/** An expression in mode `off` is checked when the configuration loads, and not evaluated. */
export interface AllowPolicy extends Enforcement {
  readonly expression: string;
}

/** @returns undefined where all calls are allowed */
export function parseAllow(check: Checks, path: string, value: unknown, outer: AllowPolicy | undefined): AllowPolicy | undefined {
  if (value === undefined) return outer;
  if (value === false) return undefined;
  const written = typeof value === "string" ? { expression: value } : value;
  const read = readBlock(check, path, ALLOW_SETTINGS, written);
  return typeof read.expression === "string" ? read : undefined;
}
