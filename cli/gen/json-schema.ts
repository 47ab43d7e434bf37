// The JSON Schema of gateway.config.ts, for editors and other tools. Values that JSON cannot have (functions, bytes) are left open.
import { toJsonSchema } from "@valibot/to-json-schema";
import { GATEWAY_SETTINGS } from "../../core/config/gateway.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const MIN_SHARED_LENGTH = 300; // characters; shorter parts are repeated

/** @returns the text of the schema; parts that occur several times are in `$defs`, once */
export function schemaText(): string {
  const { $schema, ...schema } = toJsonSchema(GATEWAY_SETTINGS, { typeMode: "input", errorMode: "ignore" }) as Record<string, Json>;
  const words = plain(schema);
  const counts = new Map<string, number>();
  count(words, counts);
  const definitions = new Map<string, { readonly name: string; body: Json }>();
  const body = hoisted(words, "gateway", counts, definitions) as object;
  const $defs = Object.fromEntries([...definitions.values()].map(({ name, body }) => [name, body]));
  return `${JSON.stringify({ $schema, title: "gateway.config.ts", ...body, $defs }, null, 2)}\n`;
}

/** Facts of settings that are no words of JSON Schema. */
const FACTS = new Set(["unit", "shape", "shownDefault", "fix", "missing", "isRead", "isPlatform"]);

function plain<T extends Json>(node: T, isNames = false): T {
  if (Array.isArray(node)) return node.map((child: Json) => plain(child)) as unknown as T; // the same shape, with fewer facts
  if (typeof node !== "object" || node === null) return node;
  const kept = Object.entries(node).filter(([key]) => isNames || !FACTS.has(key));
  return Object.fromEntries(kept.map(([key, child]) => [key, plain(child as Json, key === "properties")])) as T; // the same
}

function isShareable(node: Json): boolean {
  return typeof node === "object" && node !== null && !Array.isArray(node) && ("properties" in node || "anyOf" in node);
}

function childrenOf(node: Json): [string, Json][] {
  return typeof node === "object" && node !== null ? Object.entries(node) : [];
}

function count(node: Json, counts: Map<string, number>): void {
  if (isShareable(node)) {
    const text = JSON.stringify(node);
    counts.set(text, (counts.get(text) ?? 0) + 1);
    if (counts.get(text)! > 1) return; // its parts are counted already
  }
  for (const [, child] of childrenOf(node)) count(child, counts);
}

function hoisted(
  node: Json,
  name: string,
  counts: ReadonlyMap<string, number>,
  definitions: Map<string, { readonly name: string; body: Json }>,
): Json {
  if (Array.isArray(node)) return node.map((child: Json) => hoisted(child, name, counts, definitions));
  if (typeof node !== "object" || node === null) return node;
  const text = isShareable(node) ? JSON.stringify(node) : "";
  const isShared = text.length >= MIN_SHARED_LENGTH && (counts.get(text) ?? 0) > 1;
  const known = definitions.get(text);
  if (known !== undefined) return { $ref: `#/$defs/${known.name}` };
  const names = new Set([...definitions.values()].map((definition) => definition.name));
  const definition = { name: unique(name, names), body: null as Json };
  if (isShared) definitions.set(text, definition);
  const isNames = name === "properties";
  const children = childrenOf(node).map(([key, child]) => [
    key,
    hoisted(child, isNames || !WORDS.has(key) ? key : name, counts, definitions),
  ]);
  definition.body = Object.fromEntries(children) as Json;
  return isShared ? { $ref: `#/$defs/${definition.name}` } : definition.body;
}

/** Words of JSON Schema that hold other schemas: these are named for the setting above them. */
const WORDS = new Set(["anyOf", "items", "additionalProperties"]);

function unique(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let number = 2; ; number++) if (!taken.has(`${name}${number}`)) return `${name}${number}`;
}
