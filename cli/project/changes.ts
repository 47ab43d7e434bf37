// The changes between two versions of a configuration, one phrase for each setting: `defaults.readTimeoutMs: 15000 -> 10000`.
import { join } from "../../core/config/problems.ts";

/**
 * @param before plain JSON, like `after`
 * @returns a phrase for each setting that was added, removed or changed
 */
export function changesOf(before: unknown, after: unknown, path = ""): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => changesOf(before[name], after[name], join(path, name)));
  }
  if (before === undefined) return [`${path} added: ${shown(after)}`];
  if (after === undefined) return [`${path} removed`];
  return [`${path}: ${shown(before)} -> ${shown(after)}`];
}

/** One line of at most 8 phrases. */
export function inOneLine(changes: readonly string[]): string {
  const rest = changes.length - 8;
  return changes.slice(0, 8).join("; ") + (rest > 0 ? `; and ${rest} more` : "");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
