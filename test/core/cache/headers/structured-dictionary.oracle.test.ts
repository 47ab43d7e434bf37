// Our parser of dictionaries against the package structured-headers, whose author is an author of RFC 9651's test suite.
import fc from "fast-check";
import { parseDictionary as parseByLibrary } from "structured-headers";
import { expect, it } from "vitest";
import { type DictionaryMember, parseDictionary } from "../../../../core/cache/headers/structured-dictionary.ts";

/** The result of the package in the form of ours: kinds that caches do not use are "other". */
function byLibrary(text: string): Record<string, DictionaryMember> | undefined {
  try {
    return Object.fromEntries([...parseByLibrary(text)].map(([name, [value]]) => [name, memberOf(value)]));
  } catch {
    return undefined;
  }
}

function memberOf(value: unknown): DictionaryMember {
  if (typeof value === "boolean") return { kind: "boolean", value: value ? "?1" : "?0" };
  if (typeof value === "string") return { kind: "string", value };
  if (typeof value === "number" && Number.isInteger(value)) return { kind: "integer", value: String(value) };
  return { kind: "other", value: "" };
}

function byUs(text: string): Record<string, DictionaryMember> | undefined {
  const members = parseDictionary(text);
  if (members === undefined) return undefined;
  // The package returns numbers, so "-0" and leading zeros are gone.
  const plain = ({ kind, value }: DictionaryMember) => ({ kind, value: kind === "integer" ? String(Number(value)) : value });
  return Object.fromEntries([...members].map(([name, member]) => [name, plain(member)]));
}

const key = fc.stringMatching(/^[a-z*][a-z0-9_\-.*]{0,3}$/);
const item = fc.oneof(
  fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 }).map(String),
  fc.stringMatching(/^-?[0-9]{1,3}\.[1-9]{1,3}$/),
  fc.stringMatching(/^"(?:[ !#-[\]-~]|\\["\\]){0,6}"$/),
  fc.stringMatching(/^[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]{0,4}$/),
  fc.constantFrom("?0", "?1", ":aGk=:", "::"),
);
const parameters = fc.array(fc.tuple(key, fc.option(item)), { maxLength: 2 });
const written = parameters.map((all) => all.map(([name, value]) => `;${name}${value === null ? "" : `=${value}`}`).join(""));
const innerList = fc.array(fc.tuple(item, written), { maxLength: 3 }).map((all) => `(${all.map((pair) => pair.join("")).join(" ")})`);
const member = fc.tuple(key, fc.option(fc.oneof({ weight: 4, arbitrary: item }, innerList)), written);
const dictionary = fc
  .array(member, { maxLength: 4 })
  .map((members) => members.map(([name, value, end]) => `${name}${value === null ? "" : `=${value}`}${end}`).join(", "));

it("reads every valid dictionary like the package structured-headers", () => {
  fc.assert(
    fc.property(dictionary, (text) => {
      expect(byUs(text)).toEqual(byLibrary(text));
      expect(byUs(text)).toBeDefined();
    }),
    { numRuns: 3_000 },
  );
});

it("accepts and refuses damaged dictionaries like the package structured-headers", () => {
  // Dates ("@1") and display strings ('%"x"') are left out: no dictionary of caching has them, and our parser refuses them.
  const damage = fc.tuple(fc.nat(), fc.nat(2), fc.constantFrom(...' \t,;=()"\\?:*-.09aZé'));
  fc.assert(
    fc.property(dictionary, fc.array(damage, { minLength: 1, maxLength: 2 }), (text, all) => {
      const damaged = all.reduce((before, [at, removed, added]) => {
        const from = at % (before.length + 1);
        return before.slice(0, from) + added + before.slice(from + removed);
      }, text);
      fc.pre(!/[=( ]:/.test(damaged)); // our parser does not decode byte sequences, so it accepts invalid base64
      fc.pre(!/\.0+(?!\d)/.test(damaged)); // the package returns the decimal 1.0 as the integer 1
      expect(byUs(damaged)).toEqual(byLibrary(damaged));
    }),
    { numRuns: 10_000 },
  );
});
