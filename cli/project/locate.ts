// Finds the line that a setting is written in: `services["users.v1.UserService"].methods.ListUser` -> gateway.config.ts:15:9.
import { existsSync, readFileSync } from "node:fs";

interface Key {
  readonly path: readonly string[]; // keys of the object literals around it, outermost first, and its own key
  readonly line: number;
  readonly column: number;
}

const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|[A-Za-z_$][\w$]*|[{}[\]():,]|\n|[^\s]/g;

/**
 * @param path   as `core/config/problems.ts` writes it, or "validate of users.v1.UserService.GetUser"
 * @param file   that holds the configuration
 * @param inputs the other files that it is made of
 * @returns `file:line:column` of the key that shares most of the path's end; `file` where none is like it
 */
export function locate(path: string, file: string, inputs: readonly string[]): string {
  const wanted = keysOf(path);
  const others = inputs.filter((input) => input !== file && !/^(cli|core|workers|durable-objects|protos)\//.test(input));
  const candidates = [file, ...others].filter((input) => existsSync(input));
  for (let length = wanted.length; length > 0; length--) {
    const part = wanted.slice(0, length); // without its last names where these are not written: a field may be missing
    let best: { at: string; shared: number } | undefined;
    for (const input of candidates) {
      for (const key of keysIn(readFileSync(input, "utf8"))) {
        const shared = sharedEnd(key.path, part);
        if (shared > (best?.shared ?? 0) && (shared === part.length || shared >= Math.min(2, part.length))) {
          best = { at: `${input}:${key.line}:${key.column}`, shared };
        }
      }
    }
    if (best !== undefined) return best.at;
  }
  return file;
}

function keysOf(path: string): string[] {
  const methodOf = /^(.*) of ([\w.]+)\.(\w+)$/.exec(path);
  if (methodOf !== null) return ["services", methodOf[2]!, "methods", methodOf[3]!, ...keysOf(methodOf[1]!)];
  return [...path.matchAll(/\["((?:\\.|[^"\\])*)"\]|\[(\d+)\]|[^.[\]]+/g)].flatMap(([all, quoted, index]) =>
    index === undefined ? [quoted ?? all] : [],
  );
}

function sharedEnd(found: readonly string[], wanted: readonly string[]): number {
  let shared = 0;
  while (shared < Math.min(found.length, wanted.length) && found.at(-1 - shared) === wanted.at(-1 - shared)) shared += 1;
  return shared;
}

/** The keys of all object literals of a file, by a scan of its tokens: enough for data, and no parser of TypeScript. */
function keysIn(text: string): Key[] {
  const keys: Key[] = [];
  const around: (string | undefined)[] = []; // the key whose value each open bracket is
  let [line, lineStart] = [1, 0];
  let last: { name: string; line: number; column: number } | undefined;
  let pending: string | undefined;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === "\n") [line, lineStart] = [line + 1, index + 1];
    else if (token.startsWith("//") || token.startsWith("/*") || token.startsWith("`")) {
      const breaks = token.split("\n").length - 1;
      if (breaks > 0) [line, lineStart] = [line + breaks, index + token.lastIndexOf("\n") + 1];
    } else if (/^["'A-Za-z_$]/.test(token)) {
      last = { name: /^["']/.test(token) ? token.slice(1, -1) : token, line, column: index - lineStart + 1 };
    } else if (token === ":" && last !== undefined) {
      keys.push({ path: [...around.filter((one) => one !== undefined), last.name], line: last.line, column: last.column });
      [pending, last] = [last.name, undefined];
    } else if (/[{[(]/.test(token)) {
      around.push(pending);
      [pending, last] = [undefined, undefined];
    } else if (/[}\])]/.test(token)) {
      around.pop();
      [pending, last] = [undefined, undefined];
    } else if (token === ",") [pending, last] = [undefined, undefined];
  }
  return keys;
}
