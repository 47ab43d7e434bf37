// Reads a block of settings: every setting by its schema, each problem with its path, and a usable value in any case.
import * as v from "valibot";
import { type Checks, join } from "./problems.ts";
import { type Block, defaultOf, type Entries, factsOf, innerOf, type PolicyOf, type SettingSchema } from "./setting.ts";

export interface ReadOptions<E extends Entries> {
  /** Values of the outer settings, or defaults that depend on where the block is. They hold for what is not written. */
  readonly outer?: Partial<PolicyOf<Block<E>>>;
  /** What to write instead of a former name. */
  readonly moved?: Readonly<Record<string, string>>;
}

/** Settings that are read by code keep the value that was written. */
export function readBlock<E extends Entries>(
  check: Checks,
  path: string,
  block: Block<E>,
  value: unknown,
  { outer = {}, moved }: ReadOptions<E> = {},
): PolicyOf<Block<E>> {
  const fields = check.fields(path, value, Object.keys(block.entries), moved);
  return readFields(check, path, block, fields, outer);
}

/** @returns undefined where the block is not written */
export function readOptional<E extends Entries>(
  check: Checks,
  path: string,
  block: Block<E>,
  value: unknown,
): PolicyOf<Block<E>> | undefined {
  return value === undefined ? undefined : readBlock(check, path, block, value);
}

/** The same for an object whose keys have been checked. */
export function readFields<E extends Entries>(
  check: Checks,
  path: string,
  block: Block<E>,
  fields: Readonly<Record<string, unknown>>,
  outer: Partial<PolicyOf<Block<E>>> = {},
): PolicyOf<Block<E>> {
  const known: Readonly<Record<string, unknown>> = outer;
  const values: Record<string, unknown> = {};
  for (const { name, schema, isPlain } of entriesOf(block)) {
    const isKnown = Object.hasOwn(known, name);
    // The usual case: most routes write few of their settings, and the others are those of the service.
    if (isKnown && isPlain && fields[name] === undefined) values[name] = known[name];
    else values[name] = readSetting(check, join(path, name), schema, fields[name], isKnown ? { value: known[name] } : undefined);
  }
  return values as PolicyOf<Block<E>>; // each value comes from the schema of its name
}

interface BlockEntry {
  readonly name: string;
  readonly schema: SettingSchema;
  readonly isPlain: boolean; // what is not written is as in the settings around it
}

const ENTRIES = new WeakMap<object, readonly BlockEntry[]>();

function entriesOf({ entries }: Block): readonly BlockEntry[] {
  const listed = ENTRIES.get(entries);
  if (listed !== undefined) return listed;
  const made = Object.entries(entries).map(([name, schema]): BlockEntry => {
    return { name, schema, isPlain: factsOf(schema).isRead !== true && innerOf(schema).type !== "strict_object" };
  });
  ENTRIES.set(entries, made);
  return made;
}

/** @param fallback what holds where nothing, or nothing valid, is written; default: the default of the schema */
export function readSetting(
  check: Checks,
  path: string,
  schema: SettingSchema,
  value: unknown,
  fallback: { value: unknown } | undefined,
): unknown {
  const { isRead, missing, fix } = factsOf(schema);
  if (isRead === true) return value;
  const inner = innerOf(schema);
  if (inner.type === "strict_object") return readBlock(check, path, inner as Block, value);
  if (value === undefined && fallback !== undefined) return fallback.value;
  const result = v.safeParse(schema, value, { abortPipeEarly: true });
  if (result.success) return result.output;
  if (value === undefined && missing !== undefined) check.report(path, value, missing);
  else if (fix !== undefined) check.report(path, value, fix);
  else for (const { path: items = [], input, message } of result.issues) check.report(pathOf(path, items), input, message);
  if (fallback !== undefined) return fallback.value;
  return defaultOf(schema);
}

function pathOf(path: string, items: readonly { readonly key: unknown }[]): string {
  return items.reduce((at, { key }) => (typeof key === "number" ? `${at}[${key}]` : join(at, String(key))), path);
}
