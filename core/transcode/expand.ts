// Values to a path: the inverse of matching, for a caller who has a message and needs its URL.
import { encodeSegment, encodeSegments, literalForm } from "./escape.ts";
import type { PathTemplate, PathVariable } from "./path-template.ts";
import type { PathValues } from "./path-trie.ts";

export type Expansion =
  | { readonly kind: "ok"; readonly path: string }
  | { readonly kind: "invalid"; readonly field: string; readonly problem: string };

/**
 * Puts values in the place of variables. A wildcard outside of variables carries nothing, so it stands for itself.
 *
 * @param values one text per variable of the template, in its order
 * @returns a canonical path that the template matches with just these values, or the variable that cannot hold its value
 * @see google/api/http.proto, "when such a variable is expanded into a URL path on the client side"
 */
export function expandPath({ segments, variables, verb }: PathTemplate, values: PathValues): Expansion {
  let expanded = "";
  let at = 0;
  for (const [index, variable] of variables.entries()) {
    for (; at < variable.start; at++) expanded += `/${segments[at]}`;
    const parts = partsOf(variable, values[index]!);
    const pattern = segments.slice(variable.start, variable.end < 0 ? segments.length : variable.end);
    const problem = misfit(pattern, parts);
    if (problem !== undefined) return { kind: "invalid", field: variable.field, problem };
    for (const part of parts) expanded += `/${part}`;
    at = variable.start + pattern.length;
  }
  for (; at < segments.length; at++) expanded += `/${segments[at]}`;
  const path = expanded === "" ? "/" : expanded; // of `{var=**}` without a value
  return { kind: "ok", path: verb === "" ? path : `${path}:${verb}` };
}

/** The encoded segments that a value makes; none for an empty one of several segments. */
function partsOf({ start, end }: PathVariable, value: string): string[] {
  if (end === start + 1) return [encodeSegment(value)];
  return value === "" ? [] : encodeSegments(value).split("/");
}

function misfit(pattern: readonly string[], parts: readonly string[]): string | undefined {
  const isOpen = pattern.at(-1) === "**";
  const fixed = isOpen ? pattern.slice(0, -1) : pattern;
  const shape = `"${pattern.join("/")}"`;
  if (isOpen ? parts.length < fixed.length : parts.length !== fixed.length) return `does not fit ${shape}`;
  for (const [index, segment] of fixed.entries()) {
    const part = parts[index]!;
    if (part === "") return "an empty value cannot fill a single segment";
    if (segment !== "*" && literalForm(part) !== segment) return `does not fit ${shape}`;
  }
  // A segment of dots is no data in a path: whoever sees it next may resolve it.
  return parts.some((part) => part === "." || part === "..") ? "has a segment of dots" : undefined;
}
