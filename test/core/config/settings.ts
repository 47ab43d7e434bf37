// What every setting of an operator is held to: its default, both of its bounds, and the words of a refusal.
import { expect, it } from "vitest";
import { type Checks, checks, describe as lineOf } from "../../../core/config/problems.ts";

/** A parser of one object of settings; `value` is what the operator wrote. */
export type Parser<T> = (check: Checks, value: unknown) => T;

export interface Parsed<T> {
  readonly policy: T;
  readonly problems: readonly string[];
}

export function parsed<T>(parser: Parser<T>, value: unknown): Parsed<T> {
  const check = checks();
  const policy = parser(check, value);
  return { policy, problems: check.problems.map(lineOf) };
}

/** @returns the policy, where nothing is wrong */
export function accepted<T>(parser: Parser<T>, value: unknown): T {
  const { policy, problems } = parsed(parser, value);
  expect(problems).toEqual([]);
  return policy;
}

export interface NumberRow<T> {
  readonly field: string;
  readonly min: number;
  readonly max: number;
  readonly fallback: unknown;
  readonly unit: string;
  readonly read: (policy: T) => unknown;
  readonly asRead?: (written: number) => unknown; // where the policy does not hold the number itself
}

/** @param base what else has to be written for the object to be valid */
export function itReadsNumbers<T>(parser: Parser<T>, path: string, rows: readonly NumberRow<T>[], base: object = {}): void {
  it.each(rows)("reads $field from $min to $max, by default $fallback", ({ field, min, max, fallback, unit, read, asRead = (n) => n }) => {
    expect(read(accepted(parser, base))).toEqual(fallback);
    for (const written of [min, max]) expect(read(accepted(parser, { ...base, [field]: written }))).toEqual(asRead(written));
    for (const written of [min - 1, max + 1, min + 0.5, `${min}`, null])
      expect(parsed(parser, { ...base, [field]: written }).problems).toContain(
        `${path}.${field}: found ${typeof written === "string" ? `"${written}"` : written}; write a whole number from ${min} to ${max} (${unit})`,
      );
  });
}

export interface ChoiceRow<T> {
  readonly field: string;
  readonly choices: readonly (string | boolean)[];
  readonly fallback: string | boolean;
  readonly read: (policy: T) => unknown;
}

export function itReadsChoices<T>(parser: Parser<T>, path: string, rows: readonly ChoiceRow<T>[], base: object = {}): void {
  it.each(rows)("reads $field, one of $choices, by default $fallback", ({ field, choices, fallback, read }) => {
    expect(read(accepted(parser, base))).toBe(fallback);
    for (const written of choices) expect(read(accepted(parser, { ...base, [field]: written }))).toBe(written);
    const words = choices.map((one) => JSON.stringify(one)).join(" or ");
    for (const written of ["nonsense", 1])
      expect(parsed(parser, { ...base, [field]: written }).problems).toContain(
        `${path}.${field}: found ${JSON.stringify(written)}; write ${words}`,
      );
  });
}

/** @param known fields of the object; a refusal names each of them */
export function itKnowsItsFields<T>(parser: Parser<T>, path: string, known: readonly string[], base: object = {}): void {
  it("names what may be written where a field is not known, and refuses what is no object", () => {
    const unknown = "qqqqqqqqqqqqqqqqqq";
    const line = parsed(parser, { ...base, [unknown]: 1 }).problems.find((one) => one.startsWith(`${path}.${unknown}: found 1; remove it`));
    for (const name of known) expect(line).toContain(`"${name}"`);
    for (const written of [[], "x", 1, null])
      expect(parsed(parser, written).problems.some((one) => one.startsWith(`${path}: found ${JSON.stringify(written)}; `))).toBe(true);
  });
}
