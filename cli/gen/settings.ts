// The settings of gateway.config.ts as their schemas state them: every block that can be written, and a row for each of its settings.
import { GATEWAY_SETTINGS } from "../../core/config/gateway.ts";
import { ROUTE_SETTINGS } from "../../core/config/route.ts";
import { METHOD_SETTINGS, SERVICE_SETTINGS } from "../../core/config/service.ts";
import { type Block, defaultOf, factsOf, innerOf, type SettingSchema } from "../../core/config/setting.ts";

/** One setting, as the table of its block shows it. */
export interface SettingRow {
  readonly name: string;
  readonly values: string; // range with unit, choices, or a shape
  readonly fallback: string; // the default
  readonly meaning: string;
  readonly isPlatform: boolean; // its effect shows on Cloudflare's network alone
}

export interface SettingsSection {
  readonly path: string; // "" at the top
  readonly rows: readonly SettingRow[];
}

interface Found {
  readonly path: string;
  readonly block: Block;
}

/** Settings that several blocks share have a section of their own; other blocks name it in one row. */
const SHARED: readonly { readonly path: string; readonly block: Block; readonly within: readonly Block[] }[] = [
  { path: "defaults", block: ROUTE_SETTINGS, within: [SERVICE_SETTINGS, METHOD_SETTINGS] },
];

/** All sections, in the order in which they are read: from the top down. */
export function sections(): SettingsSection[] {
  const seen = new Map<string, Found>();
  visit({ path: "", block: GATEWAY_SETTINGS }, seen);
  const byPath = new Map<string, SettingRow[]>();
  for (const { path, block } of seen.values()) byPath.set(path, merged(byPath.get(path) ?? [], rowsOf(block)));
  return [...byPath].map(([path, rows]) => ({ path, rows })).filter(({ rows }) => rows.length > 0);
}

/** One table for blocks of which one is written, such as the kinds of a security scheme. */
function merged(rows: SettingRow[], more: readonly SettingRow[]): SettingRow[] {
  for (const row of more) {
    const index = rows.findIndex(({ name }) => name === row.name);
    if (index < 0) rows.push(row);
    else if (!rows[index]!.values.includes(row.values)) rows[index] = { ...rows[index]!, values: `${rows[index]!.values}, ${row.values}` };
  }
  return rows;
}

function visit(found: Found, seen: Map<string, Found>): void {
  const key = Object.values(found.block.entries).map(idOf).join("/");
  if (seen.has(key)) return;
  seen.set(key, found);
  for (const [name, schema] of Object.entries(found.block.entries)) {
    if (isShared(found.block, name)) continue;
    const path = found.path === "" ? name : `${found.path}.${name}`;
    for (const inner of blocksIn(schema, path)) visit(inner, seen);
  }
  for (const { path, block, within } of SHARED) if (within.includes(found.block)) visit({ path, block }, seen);
}

const ids = new WeakMap<object, number>();
let nextId = 0;
function idOf(schema: object): number {
  if (!ids.has(schema)) ids.set(schema, nextId++);
  return ids.get(schema)!;
}

function isShared(block: Block, name: string): boolean {
  return SHARED.some(({ block: shared, within }) => within.includes(block) && name in shared.entries);
}

/** The parts of a schema that may hold blocks. */
interface Composite {
  readonly entries?: Block["entries"];
  readonly options?: readonly SettingSchema[];
  readonly item?: SettingSchema;
  readonly value?: SettingSchema;
  readonly pipe?: readonly object[];
}

/** Blocks that may be written for a setting, each with its path: `rateLimits[name]`, `canaries[]`. */
function blocksIn(schema: SettingSchema, path: string): Found[] {
  const { entries, options, item, value } = innerOf(schema) as Composite;
  if (innerOf(schema).type === "picklist") return []; // its options are texts
  if (entries !== undefined) return [{ path, block: innerOf(schema) as Block }];
  if (options !== undefined) return options.flatMap((option) => blocksIn(option, path));
  if (item !== undefined) return blocksIn(item, `${path}[]`);
  return value === undefined ? [] : blocksIn(value, `${path}[name]`);
}

function rowsOf(block: Block): SettingRow[] {
  const own = Object.entries(block.entries).filter(([name]) => !isShared(block, name));
  const rows = own.map(([name, schema]) => rowOf(name, schema));
  if (own.length === Object.keys(block.entries).length) return rows;
  return [
    ...rows,
    {
      name: "route settings",
      values: "see `defaults`",
      fallback: "those of the outer level",
      meaning: "Every setting of `defaults`.",
      isPlatform: false,
    },
  ];
}

function rowOf(name: string, schema: SettingSchema): SettingRow {
  const { description = "", shownDefault, isPlatform = false } = factsOf(schema);
  const isRequired = !("wrapped" in schema);
  const fallback = shownDefault ?? (isRequired ? "required" : shown(defaultOf(schema)));
  return { name, values: valuesOf(schema), fallback, meaning: description, isPlatform };
}

function valuesOf(schema: SettingSchema): string {
  const { shape, unit } = factsOf(schema);
  if (shape !== undefined && shape !== "") return shape;
  const inner = innerOf(schema);
  if (inner.type === "literal" && "literal" in inner) return `\`${JSON.stringify(inner.literal)}\``;
  if (inner.type === "boolean") return "`true`, `false`";
  if ("options" in inner && inner.type === "picklist") return (inner.options as string[]).map((one) => `\`"${one}"\``).join(", ");
  const [min, max] = [boundOf(inner, "min_value"), boundOf(inner, "max_value")];
  if (min !== undefined && max !== undefined) return `${shown(min)} to ${shown(max)} ${unit ?? ""}`.trim();
  return "entries" in inner ? "the settings below" : "";
}

/** The bound of a number, wherever it is in the nested pipes of its schema. */
function boundOf(schema: object, type: "min_value" | "max_value"): number | undefined {
  const { pipe = [] } = schema as Composite;
  for (const step of pipe) {
    if ("type" in step && step.type === type && "requirement" in step) return step.requirement as number; // a number, for a number's bound
    const within = step === schema ? undefined : boundOf(step, type);
    if (within !== undefined) return within;
  }
  return undefined;
}

function shown(value: unknown): string {
  if (typeof value === "number") return value.toLocaleString("en-US", { maximumFractionDigits: 3 });
  if (value instanceof Set) return shown([...value]);
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map((one) => shown(one)).join(", ");
  if (value === undefined) return "none";
  if (typeof value === "object") return "the defaults below";
  return `\`${JSON.stringify(value)}\``;
}
