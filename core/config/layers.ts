// Settings of the team's own layers of a route. The schema of each layer is code of the team: it is checked where the layers are known.
import * as v from "valibot";
import { type Checks, join } from "./problems.ts";
import { readByCode } from "./setting.ts";

const MAX_LAYERS = 16; // the most that one route has
/** The name of a team's own layer. */
export const LAYER_NAME = /^[a-z][a-z0-9-]{0,47}$/;

export const layers = readByCode(
  v.record(v.string(), v.record(v.string(), v.unknown())),
  "The team's own layers that calls of the route pass, each with its settings, by name ([own layers](own-layer.md)). Where a layer runs, and in which order, is part of its code.",
  { shape: "objects by name of a layer", shownDefault: "none" },
);

export type LayersInput = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The own layers of a route. Routes that inherit them have the same object. */
export interface LayersPolicy {
  readonly path: string; // where it is written
  readonly settings: ReadonlyMap<string, unknown>; // keyed by the name of the layer; not checked against its schema
}

/** @returns undefined where no layer is named; `outer` where nothing is written */
export function parseLayers(check: Checks, path: string, value: unknown, outer: LayersPolicy | undefined): LayersPolicy | undefined {
  if (value === undefined) return outer;
  const entries = check.entries(path, value);
  for (const [name, settings] of entries) {
    if (!LAYER_NAME.test(name))
      check.report(join(path, name), name, "write the name of a layer: 1 to 48 lower-case letters, digits and '-'");
    else if (typeof settings !== "object" || settings === null || Array.isArray(settings))
      check.report(join(path, name), settings, "write the settings of the layer: { ... }, or {} for none");
  }
  if (entries.length > MAX_LAYERS) check.report(path, `${entries.length} layers`, `write at most ${MAX_LAYERS}`);
  return entries.length === 0 ? undefined : { path, settings: new Map(entries) };
}

/** Blocks of a configuration that may name layers. */
interface Named {
  readonly layers?: unknown;
  readonly methods?: unknown;
}

/**
 * @param configuration what gateway.config.ts exports, also one with mistakes
 * @returns the names of all own layers that it uses, each once, sorted
 */
export function layerNamesIn(configuration: unknown): string[] {
  const { defaults, services, httpRoutes } = fieldsOf(configuration);
  const outer = [fieldsOf(defaults), ...blocksIn(services), ...blocksIn(httpRoutes)] as Named[];
  const blocks = [...outer, ...outer.flatMap(({ methods }) => blocksIn(methods) as Named[])];
  return [...new Set(blocks.flatMap((block) => Object.keys(fieldsOf(block.layers))))].sort();
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function blocksIn(value: unknown): Readonly<Record<string, unknown>>[] {
  return Object.values(fieldsOf(value)).map(fieldsOf);
}
