// Kinds of flags, each with the type of its value.
import { numberParser } from "@stricli/core";

type Letter = "c" | "d" | "e" | "H" | "m" | "p" | "r";

/** `T` is the type of the value that a command gets. */
export interface Flag<T> {
  readonly parameter: object; // in the form of the library
  readonly short?: Letter;
  /** The value where the flag is not written, from the environment. */
  readonly fallback?: (env: Readonly<Record<string, string | undefined>>) => T;
  /** Carries the type alone: there is no such value. */
  readonly value?: T;
}

export type Flags = Readonly<Record<string, Flag<unknown>>>;
export type FlagsOf<F extends Flags> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never } & { readonly json?: boolean };

interface Extra {
  readonly short?: Letter;
}

/** A flag without a value. */
export function toggle(brief: string, extra: Extra = {}): Flag<boolean> {
  return { parameter: { kind: "boolean", brief, default: false, withNegated: false }, ...extra };
}

/** @param placeholder the value in the help, in capitals */
export function text(placeholder: string, brief: string, extra?: Extra): Flag<string | undefined>;
export function text(placeholder: string, brief: string, extra: Extra & { readonly default: string }): Flag<string>;
export function text(placeholder: string, brief: string, { default: fallback, ...extra }: Extra & { readonly default?: string } = {}) {
  const parameter = { kind: "parsed", parse: (input: string) => input, placeholder, brief };
  return { parameter: fallback === undefined ? { ...parameter, optional: true } : { ...parameter, default: fallback }, ...extra };
}

/** A flag that may be repeated. @returns undefined where it is not written */
export function texts(placeholder: string, brief: string, extra: Extra = {}): Flag<readonly string[] | undefined> {
  return { parameter: { kind: "parsed", parse: (input: string) => input, placeholder, brief, optional: true, variadic: true }, ...extra };
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly isWhole?: boolean; // default true
}

/** A number inside its bounds. */
export function number(placeholder: string, brief: string, bounds: Bounds & Extra & { readonly default: number }): Flag<number>;
export function number(placeholder: string, brief: string, bounds: Bounds & Extra): Flag<number | undefined>;
export function number(
  placeholder: string,
  brief: string,
  { min, max, isWhole = true, default: fallback, ...extra }: Bounds & Extra & { readonly default?: number },
) {
  const parse = (input: string): number => {
    const value = /^-?\d+(\.\d+)?$/.test(input) ? numberParser(input) : Number.NaN;
    if (!(value >= min && value <= max) || (isWhole && !Number.isInteger(value)))
      throw new Error(`write a ${isWhole ? "whole " : ""}number from ${min} to ${max}`);
    return value;
  };
  const parameter = { kind: "parsed", parse, placeholder, brief };
  return { parameter: fallback === undefined ? { ...parameter, optional: true } : { ...parameter, default: String(fallback) }, ...extra };
}

/** One of a few words. */
export function choice<const V extends string>(values: readonly V[], brief: string, extra?: Extra): Flag<V | undefined>;
export function choice<const V extends string>(values: readonly V[], brief: string, extra: Extra & { readonly default: V }): Flag<V>;
export function choice(
  values: readonly string[],
  brief: string,
  { default: fallback, ...extra }: Extra & { readonly default?: string } = {},
) {
  const parameter = { kind: "enum", values, brief };
  return { parameter: fallback === undefined ? { ...parameter, optional: true } : { ...parameter, default: fallback }, ...extra };
}
