// Builds a path from a template and values: the inverse of matching, for calls that leave as REST.
import { encodeSegment, encodeSegments, literalForm } from "./escape.ts";
import type { PathTemplate, PathVariable } from "./path-template.ts";
import type { PathValues } from "./path-trie.ts";

export type Expansion =
  | { readonly kind: "ok"; readonly path: string }
  | { readonly kind: "invalid"; readonly field: string; readonly problem: string };

/**
 * Replaces the variables of a template by values. A wildcard outside of a variable has no value and stays as it is.
 *
 * @param values one text per variable of the template, in its order
 * @returns a canonical path that the template matches with exactly these values; or the field whose value does not fit
 * @see google/api/http.proto, "when such a variable is expanded into a URL path on the client side"
 */
export function expandPath({ segments, variables, verb }: PathTemplate, values: PathValues): Expansion {
  let expanded = "";
  let at = 0;
  for (const [index, variable] of variables.entries()) {
    for (; at < variable.start; at++) expanded += `/${segments[at]}`;
    const parts = partsOf(variable, values[index]!);
    const pattern = segments.slice(variable.start, variable.end < 0 ? segments.length : variable.end);
    const problem = problemOf(pattern, parts);
    if (problem !== undefined) return { kind: "invalid", field: variable.field, problem };
    for (const part of parts) expanded += `/${part}`;
    at = variable.start + pattern.length;
  }
  for (; at < segments.length; at++) expanded += `/${segments[at]}`;
  const path = expanded === "" ? "/" : expanded; // `{var=**}` with an empty value
  return { kind: "ok", path: verb === "" ? path : `${path}:${verb}` };
}

/** The encoded segments of a value; none for an empty value of a variable with several segments. */
function partsOf({ start, end }: PathVariable, value: string): string[] {
  if (end === start + 1) return [encodeSegment(value)];
  return value === "" ? [] : encodeSegments(value).split("/");
}

function problemOf(pattern: readonly string[], parts: readonly string[]): string | undefined {
  const isOpen = pattern.at(-1) === "**";
  const fixed = isOpen ? pattern.slice(0, -1) : pattern;
  const shape = `"${pattern.join("/")}"`;
  if (isOpen ? parts.length < fixed.length : parts.length !== fixed.length) return `does not fit ${shape}`;
  for (const [index, segment] of fixed.entries()) {
    const part = parts[index]!;
    if (part === "") return "an empty value cannot fill a single segment";
    if (segment !== "*" && literalForm(part) !== segment) return `does not fit ${shape}`;
  }
  // Servers and proxies resolve "." and ".." in a path, so they cannot carry data.
  return parts.some((part) => part === "." || part === "..") ? 'has a segment "." or ".."' : undefined;
}
