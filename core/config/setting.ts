// The vocabulary of settings: schemas whose problems say what to write instead, and one line per setting with its default and meaning.
import * as v from "valibot";

/** The facts about a setting that its schema does not express. */
export interface SettingFacts {
  readonly description?: string; // one or two sentences
  readonly unit?: string;
  readonly shape?: string; // the values that may be written, where the schema does not say so
  readonly shownDefault?: string; // where the default is not a plain value
  readonly fix?: string; // the fix of every problem within the value, which is then reported as a whole
  readonly missing?: string; // the fix where a required setting is not written
  readonly isPlatform?: true; // its effect shows on Cloudflare's network alone: no test here can show it
  readonly isRead?: boolean; // read by code: the schema gives the types and the documentation
}

export type SettingSchema<Input = unknown, Output = Input> = v.GenericSchema<Input, Output>;
export type Entries = Readonly<Record<string, SettingSchema>>;
export type Block<E extends Entries = Entries> = v.StrictObjectSchema<E, undefined>;

type Optional<S extends SettingSchema> = v.OptionalSchema<S, undefined>;
type Defaulted<S extends SettingSchema> = v.OptionalSchema<S, v.InferInput<S>>;

/** What an operator may write: as declared, and read-only lists and objects, too. */
export type InputOf<S extends SettingSchema> = Frozen<v.InferInput<S>>;
/** What the gateway works with, every default filled in. */
export type PolicyOf<S extends SettingSchema> = Frozen<v.InferOutput<S>>;

type Frozen<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Frozen<Item>[]
    : T extends ReadonlySet<unknown> | ReadonlyMap<unknown, unknown> | Uint8Array
      ? T
      : T extends object
        ? { readonly [K in keyof T]: Frozen<T[K]> }
        : T;

/** An object of settings; what is not listed is a problem. */
export function block<const E extends Entries>(entries: E): Block<E> {
  return v.strictObject(entries);
}

/** One setting: its schema, its default (undefined for none), and its meaning in one sentence. */
export function setting<S extends SettingSchema>(schema: S, fallback: undefined, doc: string, facts?: SettingFacts): Optional<S>;
export function setting<S extends SettingSchema>(schema: S, fallback: v.InferInput<S>, doc: string, facts?: SettingFacts): Defaulted<S>;
export function setting<S extends SettingSchema>(schema: S, fallback: v.InferInput<S> | undefined, doc: string, facts: SettingFacts = {}) {
  return v.optional(stated(schema, { ...facts, description: doc }), fallback);
}

/** A setting that has to be written. `missing` is the fix where it is not. */
export function required<S extends SettingSchema>(schema: S, doc: string, missing?: string): S {
  return stated(schema, missing === undefined ? { description: doc } : { description: doc, missing });
}

/** A setting that code reads, since its meaning depends on others: the schema gives its type and its documentation. */
export function readByCode<I>(
  schema: SettingSchema<I, unknown>,
  doc: string,
  facts: SettingFacts = {},
): v.OptionalSchema<SettingSchema<I, unknown>, undefined> {
  return v.optional(stated(schema, { ...facts, description: doc, isRead: true }), undefined);
}

/** A limit that does not hold where it is not written: it is Infinity then. */
export function unlimited(schema: SettingSchema<number>, doc: string, shownDefault = "no limit"): Defaulted<SettingSchema<number>> {
  const optional = v.optional(stated(schema, { description: doc, shownDefault }), undefined);
  // Writing it and reading it are the same as for a setting with a default.
  return v.pipe(
    optional,
    v.transform((limit) => limit ?? Number.POSITIVE_INFINITY),
  ) as unknown as Defaulted<SettingSchema<number>>;
}

/** An object of settings within another one; each of them has a default. */
export function nested<E extends Entries>(inner: Block<E>, doc: string): Defaulted<Block<E>> {
  const nothing = {} as v.InferInput<Block<E>>; // valid, since each setting has a default
  return v.optional(stated(inner, { description: doc }), nothing) as Defaulted<Block<E>>;
}

/** The policy of a block in which nothing is written. */
export function defaultsOf<E extends Entries>(inner: Block<E>): PolicyOf<Block<E>> {
  const values = Object.entries(inner.entries).map(([name, schema]) => [name, defaultOf(schema)]);
  return Object.fromEntries(values) as PolicyOf<Block<E>>; // each value comes from the schema of its name
}

/** @returns undefined for a setting that has no default */
export function defaultOf(schema: SettingSchema): unknown {
  const result = v.safeParse(schema, undefined);
  return result.success ? result.output : undefined;
}

function stated<S extends SettingSchema>(schema: S, facts: SettingFacts): S {
  return v.pipe(schema, v.metadata({ ...facts })) as unknown as S; // a pipe with metadata reads and means what its schema does
}

/** The facts of a setting, without the wrapper that makes it optional. */
export function factsOf(schema: SettingSchema): SettingFacts {
  const known = FACTS.get(schema);
  if (known !== undefined) return known;
  const facts = v.getMetadata(innerOf(schema) as v.GenericSchema) as SettingFacts;
  FACTS.set(schema, facts);
  return facts;
}

/** Settings are read with each version of a configuration, and their facts never change. */
const FACTS = new WeakMap<SettingSchema, SettingFacts>();

export function innerOf(schema: SettingSchema): SettingSchema {
  return "wrapped" in schema ? (schema.wrapped as SettingSchema) : schema;
}

/** A whole number. */
export function whole(min: number, max: number, unit: string) {
  const fix = `write a whole number from ${min} to ${max} (${unit})`;
  return v.pipe(v.number(fix), v.safeInteger(fix), v.minValue(min, fix), v.maxValue(max, fix), v.metadata({ unit }));
}

/** A number, which need not be whole. */
export function number(min: number, max: number, unit: string, fix = `write a number from ${min} to ${max} (${unit})`) {
  return v.pipe(v.number(fix), v.minValue(min, fix), v.maxValue(max, fix), v.metadata({ unit }));
}

export function choice<const T extends string>(choices: readonly T[], former: Readonly<Record<string, T>> = {}) {
  const all = choices.map((one) => JSON.stringify(one)).join(" or ");
  return v.picklist(choices, ({ input }) =>
    typeof input === "string" && Object.hasOwn(former, input) ? `write "${former[input]}", its new name` : `write ${all}`,
  );
}

export const flag = v.boolean("write true or false");

/** Text of a form. @param shape without one for items of a list, which has its own */
export function text(form: RegExp, fix: string, shape?: string) {
  return v.pipe(v.string(fix), v.regex(form, fix), v.metadata({ shape }));
}

const HEADER_FIX = "write the name of a header: 1 to 64 letters, digits and '-'";
/** The name of a header, in lower case once it is read. */
export const headerName = v.pipe(text(/^[a-z0-9-]{1,64}$/i, HEADER_FIX, "header name"), v.toLowerCase());

export function secretName(example: string) {
  return text(/^[A-Za-z_]\w*$/, `write the name of a secret: "${example}"`, "name of a secret");
}

export const MODES = ["off", "report", "enforce"] as const;
export type Mode = (typeof MODES)[number];

/** A list, whose problems are reported for the whole of it. */
export function list<S extends SettingSchema>(item: S, most: number, fix: string, shape: string) {
  return v.pipe(v.array(item, fix), v.maxLength(most, fix), v.metadata({ shape, fix }));
}
