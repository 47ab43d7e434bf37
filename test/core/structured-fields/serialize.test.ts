// Structured fields in their canonical form: what is parsed is written, and reads the same again.
import fc from "fast-check";
import * as library from "structured-headers";
import { expect, it } from "vitest";
import { parseDictionary, parseItem, parseList } from "../../../core/structured-fields/parse.ts";
import { serializeDictionary, serializeItem, serializeList } from "../../../core/structured-fields/serialize.ts";

it.each([
  ["  a=1,   b;x=?1;y=?0,c=( a   b;q );z , d=?1 , e=?0", "a=1, b;x;y=?0, c=(a b;q);z, d, e=?0"],
  ['s="a\\"\\\\b", t=to/k, y=:aGk:, n=-0012, f=1.50, g=2.0, u=@5', 's="a\\"\\\\b", t=to/k, y=:aGk=:, n=-12, f=1.5, g=2.0, u=@5'],
  ['m=%"f%c3%bc %25%22a"', 'm=%"f%c3%bc %25%22a"'],
  ["", ""],
])("the dictionary %j is written %j", (text, written) => {
  expect(serializeDictionary(parseDictionary(text)!)).toBe(written);
});

it("writes lists and items", () => {
  expect(serializeList(parseList("a ,(b  c);d,  ?0")!)).toBe("a, (b c);d, ?0");
  expect(serializeItem(parseItem(' "x";y=1 ')!)).toBe('"x";y=1');
});

const key = fc.stringMatching(/^[a-z*][a-z0-9_\-.*]{0,3}$/);
const item = fc.oneof(
  fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 }).map(String),
  fc.stringMatching(/^-?[1-9][0-9]{0,2}\.[0-9]{0,2}[1-9]$/),
  fc.stringMatching(/^"(?:[ !#-[\]-~]|\\["\\]){0,6}"$/),
  fc.stringMatching(/^[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]{0,4}$/),
  fc.uint8Array({ maxLength: 9 }).map((bytes) => `:${Buffer.from(bytes).toString("base64")}:`),
  fc.constantFrom("?0", "?1"), // the package reads a date only where a space follows
);
const parameters = fc
  .uniqueArray(fc.tuple(key, fc.option(item)), { selector: ([name]) => name, maxLength: 2 })
  .map((all) => all.map(([name, value]) => `;${name}${value === null ? "" : `=${value}`}`).join(""));
const inner = fc.array(fc.tuple(item, parameters), { maxLength: 3 }).map((all) => `(${all.map((pair) => pair.join("")).join(" ")})`);
const dictionary = fc
  .uniqueArray(fc.tuple(key, fc.option(fc.oneof(item, inner)), parameters), { selector: ([name]) => name, maxLength: 4 })
  .map((all) => all.map(([name, value, end]) => `${name}${value === null ? "" : `=${value}`}${end}`).join(", "));

it("writes what it reads like the package structured-headers, and the same again", () => {
  fc.assert(
    fc.property(dictionary, (text) => {
      const written = serializeDictionary(parseDictionary(text)!);
      expect(written).toBe(library.serializeDictionary(library.parseDictionary(text)));
      expect(serializeDictionary(parseDictionary(written, "invalid")!)).toBe(written);
    }),
    { numRuns: 1_000 },
  );
});
