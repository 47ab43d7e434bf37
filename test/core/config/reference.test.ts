// What people read about the settings: docs/parameters.md and the JSON Schema of editors are what the schemas of core/config/ say, word by
// word. `npm run check` compares them, too; here mutation testing sees it.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { schemaText } from "../../../cli/gen/json-schema.ts";
import { pageWith } from "../../../cli/gen/parameters.ts";

const page = readFileSync("docs/parameters.md", "utf8").split("\n");

describe("the reference of the settings", () => {
  it("has each setting with its values, default and meaning, as its schema states them", () => {
    expect(pageWith(page.join("\n")).split("\n")).toEqual(page);
  });

  it("is what editors complete from, too", () => {
    expect(schemaText().split("\n")).toEqual(readFileSync("docs/gateway.schema.json", "utf8").split("\n"));
  });
});
