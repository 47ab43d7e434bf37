// The table of data centers, read as text: in an object, a data center that is listed twice would be one.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

it("lists no data center twice, and each as three letters", () => {
  const table = /const COLOS[^{]*\{([^}]*)\}/.exec(readFileSync("core/region.ts", "utf8"))?.[1] ?? "";
  const colos = [...table.matchAll(/"([A-Z ]+)"/g)].flatMap(([, codes]) => codes!.split(" "));
  expect(colos.length).toBeGreaterThan(300);
  expect(colos.filter((colo) => !/^[A-Z]{3}$/.test(colo))).toEqual([]);
  expect(colos.filter((colo, index) => colos.indexOf(colo) !== index)).toEqual([]);
});
