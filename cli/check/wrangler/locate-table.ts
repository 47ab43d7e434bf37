// Finds the line of a table, of a binding or of a key in a wrangler.toml (or .json, .jsonc).

export interface TablePosition {
  readonly line: number; // from 1
  readonly column: number; // from 1
}

/**
 * @param path `[[services]] USERS`, `[env.staging] name`, `[vars] API_KEY`, `compatibility_date`, `class "UserStore"`
 * @returns the line of the binding or key, else that of its table; undefined where the text has neither
 */
export function locateTable(text: string, path: string): TablePosition | undefined {
  if (path === "") return undefined;
  const lines = text.split("\n");
  if (/^\s*\{/.test(text)) return inJson(lines, path);
  const quoted = /^class "(.+)"/.exec(path)?.[1];
  if (quoted !== undefined) return first(lines, (line) => line.includes(quoted));
  const [, header, key] = /^(\[\[?[\w.-]+\]\]?)(?: (.*))?$/.exec(path) ?? [];
  if (header === undefined) return keyLine(lines, 0, path, true) ?? inTable(lines, path);
  return inTable(lines, header, key);
}

function inTable(lines: readonly string[], header: string, key?: string): TablePosition | undefined {
  const [, dotted, last] = /^([\w.-]+)\.([\w-]+)$/.exec(header) ?? [];
  if (dotted !== undefined && last !== undefined) return inTable(lines, `[${dotted}]`, last); // `vars.NAME`
  const starts = lines.flatMap((line, index) => (withoutComment(line) === header.replaceAll(/\s/g, "") ? [index] : []));
  for (const start of starts) {
    if (key === undefined) break;
    const end = endOf(lines, start + 1);
    const named = lines.slice(start + 1, end).findIndex((line) => isNamed(line, key));
    if (named >= 0) return positionIn(lines, start + 1 + named);
    const found = keyLine(lines, start + 1, key, false);
    if (found !== undefined) return found;
  }
  const [start] = starts;
  if (start !== undefined) return positionIn(lines, start);
  const outer = /^\[\[?([\w-]+)\]\]?$/.exec(header)?.[1]; // an inline table or list: `vars = { ... }`
  return outer === undefined ? undefined : keyLine(lines, 0, outer, true);
}

function withoutComment(line: string): string {
  return line.replace(/#.*$/, "").replaceAll(/\s/g, "");
}

function isNamed(line: string, name: string): boolean {
  const [, quoted] = /^\s*(?:binding|name)\s*=\s*["'](.*?)["']/.exec(line) ?? [];
  return quoted === name;
}

function endOf(lines: readonly string[], start: number): number {
  const length = lines.slice(start).findIndex((line) => /^\s*\[/.test(line));
  return length < 0 ? lines.length : start + length;
}

function keyLine(lines: readonly string[], start: number, key: string, isTop: boolean): TablePosition | undefined {
  const length = lines.slice(start, endOf(lines, start)).findIndex((line) => new RegExp(`^\\s*["']?${escaped(key)}["']?\\s*=`).test(line));
  if (length >= 0) return positionIn(lines, start + length);
  return isTop ? undefined : first(lines.slice(start, endOf(lines, start)), (line) => line.includes(`"${key}"`), start);
}

function inJson(lines: readonly string[], path: string): TablePosition | undefined {
  const words = path.match(/[\w-]+/g) ?? [];
  for (const word of words.toReversed()) {
    const at = first(lines, (line) => line.includes(`"${word}"`));
    if (at !== undefined) return at;
  }
  return undefined;
}

function first(lines: readonly string[], fits: (line: string) => boolean, offset = 0): TablePosition | undefined {
  const index = lines.findIndex(fits);
  return index < 0 ? undefined : { line: offset + index + 1, column: lines[index]!.search(/\S/) + 1 };
}

function positionIn(lines: readonly string[], index: number): TablePosition {
  return { line: index + 1, column: lines[index]!.search(/\S/) + 1 };
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
