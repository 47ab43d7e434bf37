// Finds the line of a setting in its file: `services["users.v1.UserService"].methods.ListUser` -> gateway.config.ts:15:9.
import { existsSync, readFileSync } from "node:fs";

interface Key {
  readonly path: readonly string[]; // keys of the enclosing object literals, outermost first, then the key itself
  readonly line: number;
  readonly column: number;
}

const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|[A-Za-z_$][\w$]*|[{}[\]():,]|\n|[^\s]/g;

/**
 * @param path   path of a setting as `core/config/problems.ts` writes it, or "validate of users.v1.UserService.GetUser"
 * @param file   file of the configuration
 * @param inputs the files that it imports
 * @returns `file:line:column` of the key that shares most of the path's end; `file` where no key matches
 */
export function locate(path: string, file: string, inputs: readonly string[]): string {
  const wanted = keysOf(path);
  const others = inputs.filter((input) => input !== file && !/^(cli|core|workers|durable-objects|protos)\//.test(input));
  const candidates = [file, ...others].filter((input) => existsSync(input));
  for (let length = wanted.length; length > 0; length--) {
    const part = wanted.slice(0, length); // shorter where the last keys are not in the file: a setting may be missing
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

function sharedEnd(keys: readonly string[], wanted: readonly string[]): number {
  let shared = 0;
  while (shared < Math.min(keys.length, wanted.length) && keys.at(-1 - shared) === wanted.at(-1 - shared)) shared += 1;
  return shared;
}

/** The keys of all object literals of a file, by a scan of its tokens: enough for data, and no parser of TypeScript. */
function keysIn(text: string): Key[] {
  const keys: Key[] = [];
  const enclosing: (string | undefined)[] = []; // the key of each open bracket
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
      keys.push({ path: [...enclosing.filter((one) => one !== undefined), last.name], line: last.line, column: last.column });
      [pending, last] = [last.name, undefined];
    } else if (/[{[(]/.test(token)) {
      enclosing.push(pending);
      [pending, last] = [undefined, undefined];
    } else if (/[}\])]/.test(token)) {
      enclosing.pop();
      [pending, last] = [undefined, undefined];
    } else if (token === ",") [pending, last] = [undefined, undefined];
  }
  return keys;
}
