// Every fault of the list has tests whose titles begin with its id, in the file that the list names.
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { FAULT_CASES } from "./cases.ts";

/** Ids of titles: a text of its own, the beginning of one, or a row of a table. */
function idsIn(source: string): ReadonlySet<string> {
  const titles = source.matchAll(/["`]([A-Z]\d\d)(?:[ :]+\S|["`],)/g);
  return new Set([...titles].map(([, id]) => id!));
}

it.each(FAULT_CASES.map(({ id, input, file }) => [id, input, file] as const))("%s (%s) is tested in %s", (id, _, file) => {
  expect(existsSync(file), `${file} exists`).toBe(true);
  expect([...idsIn(readFileSync(file, "utf8"))]).toContain(id);
});

it("lists each fault once, and those of the platform with a sentence and its source", () => {
  const ids = FAULT_CASES.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBe(69);
  const sources = FAULT_CASES.flatMap(({ platform }) => (platform === undefined ? [] : [platform.source]));
  expect(sources.length).toBeGreaterThan(0);
  expect(sources.filter((source) => !source.startsWith("developers.cloudflare.com/"))).toEqual([]);
});

it("finds the ids of titles, and no others", () => {
  const source =
    'it("F01 refuses", ...); describe("H02 fields", ...); { id: "U03", does } it.each(ROWS)("P04 %s", ...); // Z99 in a comment, "a Z98"';
  expect([...idsIn(source)]).toEqual(["F01", "H02", "U03", "P04"]);
});
