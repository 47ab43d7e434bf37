// The threat model: each promise names a test that exists, and code that exists.
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** Rows of the tables that promise something. */
const rows = readFileSync("THREAT-MODEL.md", "utf8")
  .split("\n")
  .filter((line) => /^\| (?!threat|-)/.test(line) && line.split(" | ").length === 4)
  .map((line) => line.split(" | "));

const pathsIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, path]) => path!);

it("has rows", () => expect(rows.length).toBeGreaterThan(40));

it.each(rows)("names code and tests for: %s", (_threat, _defense, code, tests) => {
  expect(pathsIn(tests!).filter((path) => !/\.test\.ts$/.test(path) || !existsSync(path))).toEqual([]);
  expect(pathsIn(tests!)).not.toEqual([]);
  expect(pathsIn(code!).filter((path) => !existsSync(path) && !existsSync(`workers/gateway/${path}`))).toEqual([]);
  expect(pathsIn(code!)).not.toEqual([]);
});
