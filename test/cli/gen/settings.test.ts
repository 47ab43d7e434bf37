// docs/parameters.md against the schemas, which are walked here on their own: every setting is documented, with its bounds, unit and default.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { schemaText } from "../../../cli/gen/json-schema.ts";
import { pageWith } from "../../../cli/gen/parameters.ts";
import { GATEWAY_SETTINGS } from "../../../core/config/gateway.ts";
import { checks } from "../../../core/config/problems.ts";
import { readSetting } from "../../../core/config/read.ts";
import { defaultOf, innerOf, type SettingSchema } from "../../../core/config/setting.ts";

interface Parts {
  readonly entries?: Readonly<Record<string, SettingSchema>>;
  readonly options?: readonly unknown[];
  readonly item?: SettingSchema;
  readonly value?: SettingSchema;
}

/** Every setting that the schemas have, by its full path. */
function settingsOf(schema: SettingSchema, path = "", found = new Map<string, SettingSchema>()): Map<string, SettingSchema> {
  const { entries, options, item, value } = innerOf(schema) as Parts;
  for (const [name, entry] of Object.entries(entries ?? {})) {
    const at = path === "" ? name : `${path}.${name}`;
    found.set(at, entry);
    settingsOf(entry, at, found);
  }
  for (const option of options ?? []) if (typeof option === "object") settingsOf(option as SettingSchema, path, found);
  if (item !== undefined) settingsOf(item, `${path}[]`, found);
  if (value !== undefined) settingsOf(value, `${path}[name]`, found);
  return found;
}

/** Where a setting may be documented: blocks that occur several times have one table. */
function placesOf(path: string): string[] {
  return [
    path,
    path.replace(/^.*\.upstream\./, "services[name].upstream."),
    path.replace(/^httpRoutes\[name\]\.(breaker|throttle)\./, "services[name].$1."),
    path.replace(/^(httpRoutes|services)\[name\](\.methods\[name\])?\./, "defaults."),
  ];
}

interface Row {
  readonly values: string;
  readonly fallback: string;
}

function rowsIn(page: string): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const section of page.split(/^## /m).slice(1)) {
    const [title = ""] = section.split("\n");
    const path = title.startsWith("`") ? `${title.replaceAll("`", "")}.` : "";
    for (const [, name, values, fallback] of section.matchAll(/^\| `(\w+)` \| (.*?) \| (.*?) \| .+ \|$/gm))
      rows.set(`${path}${name}`, { values: values!, fallback: fallback! });
  }
  return rows;
}

const settings = settingsOf(GATEWAY_SETTINGS);

/** @returns what is wrong with a page, a line each */
function faultsOf(page: string): string[] {
  const tables = page.slice(page.indexOf("<!-- begin"), page.indexOf("<!-- end"));
  const rows = rowsIn(tables);
  const faults = [...settings.keys()]
    .filter((path) => !placesOf(path).some((place) => rows.has(place)))
    .map((path) => `${path} is missing`);
  for (const [path, row] of rows) {
    const schema = settings.get(path);
    if (schema === undefined) faults.push(`${path} does not exist`);
    else faults.push(...rowFaults(path, row, schema));
  }
  for (const [, before, after] of tables.matchAll(/^(\|.*)\n\n(\|.*)$/gm)) faults.push(`a blank line between ${before} and ${after}`);
  return faults;
}

function rowFaults(path: string, { values, fallback }: Row, schema: SettingSchema): string[] {
  const faults: string[] = [];
  const byDefault = defaultOf(schema);
  if (values.trim() === "") faults.push(`${path} has no values`);
  if (
    typeof byDefault === "number" &&
    Number.isFinite(byDefault) &&
    fallback !== byDefault.toLocaleString("en-US", { maximumFractionDigits: 3 })
  )
    if (!fallback.startsWith("`")) faults.push(`${path} has the default ${byDefault}, not ${fallback}`);
  if (typeof byDefault === "string" && fallback !== `\`"${byDefault}"\``)
    faults.push(`${path} has the default ${byDefault}, not ${fallback}`);
  if (typeof byDefault === "boolean" && fallback !== `\`${byDefault}\``)
    faults.push(`${path} has the default ${byDefault}, not ${fallback}`);
  const range = /^(-?[\d,.]+) to ([\d,.]+)( \S.*)?$/.exec(values);
  if (range === null) return faults;
  const [min, max] = [range[1]!, range[2]!].map((text) => Number(text.replaceAll(",", ""))) as [number, number];
  const step = Number.isInteger(min) && Number.isInteger(max) ? 1 : 0.001;
  for (const value of [min, max]) if (!isAccepted(schema, value)) faults.push(`${path} refuses ${value}`);
  for (const value of [min - step, max + step]) if (isAccepted(schema, value)) faults.push(`${path} takes ${value}`);
  if (range[3] === undefined && path !== "services[name].upstream.endpoints[].priority") faults.push(`${path} has no unit`);
  return faults;
}

function isAccepted(schema: SettingSchema, value: unknown): boolean {
  const check = checks();
  readSetting(check, "x", schema, value, undefined);
  return check.problems.length === 0;
}

describe("docs/parameters.md", () => {
  const page = readFileSync("docs/parameters.md", "utf8");

  it("documents every setting with its values and default, and no other", () => {
    expect(settings.size).toBeGreaterThan(160);
    expect(faultsOf(page)).toEqual([]);
  });

  it("is what the schemas give", () => {
    expect(pageWith(page)).toBe(page);
  });

  it.each([
    [
      "a row that is missing",
      (text: string) => text.replace(/^\| `consecutive`.*\n/m, ""),
      "services[name].breaker.consecutive is missing",
    ],
    [
      "a wrong default",
      (text: string) => text.replace("1 to 1,000 failures | 5 |", "1 to 1,000 failures | 6 |"),
      "consecutive has the default 5, not 6",
    ],
    ["a wrong upper bound", (text: string) => text.replace("1 to 1,000 failures", "1 to 999 failures"), "consecutive takes 1000"],
    ["a wrong lower bound", (text: string) => text.replace("1 to 1,000 failures", "0 to 1,000 failures"), "consecutive refuses 0"],
    ["a unit that is missing", (text: string) => text.replace("1 to 1,000 failures", "1 to 1,000"), "consecutive has no unit"],
    [
      "a setting that does not exist",
      (text: string) => text.replace("| `consecutive` |", "| `consequtive` |"),
      "consequtive does not exist",
    ],
    ["a blank line in a table", (text: string) => text.replace("| `failurePercent`", "\n| `failurePercent`"), "a blank line between"],
  ])("would show %s", (_, plant, fault) => {
    const planted = plant(page);
    expect(planted).not.toBe(page);
    expect(
      faultsOf(planted).some((line) => line.includes(fault)),
      faultsOf(planted).join("\n"),
    ).toBe(true);
  });
});

describe("docs/gateway.schema.json", () => {
  const text = readFileSync("docs/gateway.schema.json", "utf8");

  it("is what the schemas give", () => expect(schemaText()).toBe(text));

  it("has every part that it refers to, and the bounds of settings", () => {
    const schema = JSON.parse(text) as { $defs: Record<string, unknown>; properties: Record<string, unknown> };
    const references = [...text.matchAll(/"#\/\$defs\/(\w+)"/g)].map(([, name]) => name!);
    expect(references.length).toBeGreaterThan(5);
    for (const name of references) expect(schema.$defs).toHaveProperty(name);
    expect(schema.properties["maxUrlBytes"]).toMatchObject({ type: "integer", minimum: 256, maximum: 16_384, default: 8_192 });
  });
});
