// Reads an OpenAPI document, and follows its references.
import { parseDocument } from "yaml";
import { Failure } from "../failure.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type OpenapiObject = { readonly [name: string]: Json };

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_REFERENCES = 32; // one after the other
const MAX_ALIASES = 1_000; // YAML aliases: a small file with aliases of aliases is large in memory

export interface OpenapiDocument {
  readonly root: OpenapiObject;
  /** What a reference leads to; undefined where it leads out of the document, or nowhere. */
  resolve(value: Json | undefined): { readonly value: OpenapiObject; readonly name: string | undefined } | undefined;
}

/** @throws Failure with the line where the text is no YAML, and for other versions of OpenAPI */
export function readOpenapi(text: string, file: string): OpenapiDocument {
  if (text.length > MAX_BYTES) throw new Failure({ what: `the document has more than ${MAX_BYTES} bytes`, where: { file } });
  const parsed = parseDocument(text, { prettyErrors: true, uniqueKeys: true });
  const [error] = parsed.errors;
  if (error !== undefined) {
    const line = error.linePos?.[0].line;
    throw new Failure({
      what: "found neither JSON nor YAML",
      where: { file, ...(line !== undefined && { line }) },
      why: error.message.split("\n")[0]!,
    });
  }
  const root = parsed.toJS({ maxAliasCount: MAX_ALIASES }) as Json;
  if (!isObject(root)) throw new Failure({ what: "found no OpenAPI document", where: { file }, fix: 'write openapi: "3.1.0" at its top' });
  const version = String(root["openapi"] ?? root["swagger"] ?? "none");
  if (!/^3\.[01](\.|$)/.test(version)) {
    const fix = root["swagger"] === undefined ? "write openapi: 3.0 or 3.1" : "convert it to OpenAPI 3 first";
    throw new Failure({
      what: `found version ${version} of OpenAPI`,
      where: { file, path: root["swagger"] === undefined ? "openapi" : "swagger" },
      fix,
    });
  }
  return { root, resolve: (value) => resolved(root, value) };
}

function resolved(root: OpenapiObject, value: Json | undefined): { value: OpenapiObject; name: string | undefined } | undefined {
  let current = value;
  let name: string | undefined;
  for (let count = 0; count < MAX_REFERENCES; count++) {
    if (!isObject(current)) return undefined;
    const reference = current["$ref"];
    if (typeof reference !== "string") return { value: current, name };
    if (!reference.startsWith("#/")) return undefined;
    const steps = reference
      .slice(2)
      .split("/")
      .map((step) => decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~"));
    current = steps.reduce<Json | undefined>(
      (inside, step) => (isObject(inside) && Object.hasOwn(inside, step) ? inside[step] : undefined),
      root,
    );
    name = steps.at(-1);
  }
  return undefined;
}

export function isObject(value: unknown): value is OpenapiObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function objectAt(value: Json | undefined, name: string): OpenapiObject {
  const inside = isObject(value) ? value[name] : undefined;
  return isObject(inside) ? inside : {};
}

export function listAt(value: Json | undefined, name: string): readonly Json[] {
  const inside = isObject(value) ? value[name] : undefined;
  return Array.isArray(inside) ? (inside as readonly Json[]) : [];
}

export function textAt(value: Json | undefined, name: string): string {
  const inside = isObject(value) ? value[name] : undefined;
  return typeof inside === "string" ? inside : "";
}
