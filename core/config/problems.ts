// Reads what an operator wrote: checks every field, collects every problem with its path, and goes on.

/** What is wrong with one field: where, what stands there, and what to write instead. */
export interface Problem {
  readonly path: string; // `services["users.v1.UserService"].readTimeoutMs`
  readonly found: string;
  readonly fix: string;
  readonly isLocalOnly?: true; // no problem where the gateway runs elsewhere than on Cloudflare's network
  readonly missingSecret?: string; // the name of a secret that was not found: where secrets cannot be seen, that is no problem
}

/** Records where values are written (`Sources`). */
export interface SourceRecorder {
  /** @param path of a setting that is written */
  wrote(path: string, value: unknown): void;
  /**
   * The settings of a block hold for `policy`, and those of `outer` where the block has none.
   *
   * @param path of the block
   * @param own  names of settings that `outer` does not give
   */
  inherits(policy: object, path: string, outer: object, own?: readonly string[]): void;
}

/** Checks that answer with a value in any case, so that one problem does not hide the next. */
export interface Checks {
  readonly problems: readonly Problem[];
  readonly sources: SourceRecorder | undefined; // undefined where nothing has to be explained
  report(path: string, found: unknown, fix: string): void;
  /** The fields of an object; reports what is no object, and fields that are not among `known`. `moved`: what to write instead of a former name. */
  fields(
    path: string,
    value: unknown,
    known: readonly string[],
    moved?: Readonly<Record<string, string>>,
  ): Readonly<Record<string, unknown>>;
  /** The entries of an object whose keys the operator chooses. */
  entries(path: string, value: unknown): [string, unknown][];
  integer(path: string, value: unknown, range: { min: number; max: number; fallback: number; unit: string }): number;
  /** The name of a header, in lower case. */
  header(path: string, value: unknown): string | undefined;
  oneOf<T extends string | boolean>(path: string, value: unknown, choices: readonly T[], fallback: T): T;
}

export function checks(sources?: SourceRecorder): Checks {
  const problems: Problem[] = [];
  const report: Checks["report"] = (path, found, fix) => void problems.push({ path, found: show(found), fix: fix });

  const object = (path: string, value: unknown): Readonly<Record<string, unknown>> => {
    if (value === undefined) return {};
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    report(path, value, "write an object: { ... }");
    return {};
  };

  return {
    problems,
    sources,
    report,
    fields(path, value, known, moved = {}) {
      const fields = object(path, value);
      for (const name of Object.keys(fields)) {
        if (known.includes(name)) continue;
        const fix = Object.hasOwn(moved, name) ? moved[name]! : `remove it, or write ${suggest(name, known)}`;
        report(join(path, name), fields[name], fix);
      }
      if (sources !== undefined) recordWritten(sources, path, fields);
      return fields;
    },
    entries: (path, value) => Object.entries(object(path, value)),
    integer(path, value, { min, max, fallback, unit }) {
      if (value === undefined) return fallback;
      if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
      report(path, value, `write a whole number from ${min} to ${max} (${unit})`);
      return fallback;
    },
    header(path, value) {
      if (value === undefined) return undefined;
      if (typeof value === "string" && /^[a-z0-9-]{1,64}$/i.test(value)) return value.toLowerCase();
      report(path, value, "write the name of a header: 1 to 64 letters, digits and '-'");
      return undefined;
    },
    oneOf(path, value, choices, fallback) {
      if (value === undefined) return fallback;
      const choice = choices.find((one) => one === value);
      if (choice === undefined) report(path, value, `write ${choices.map((one) => JSON.stringify(one)).join(" or ")}`);
      return choice ?? fallback;
    },
  };
}

function recordWritten(sources: SourceRecorder, path: string, fields: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) sources.wrote(join(path, name), value);
}

/** The path of a field as TypeScript writes it. */
export function join(path: string, name: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}

/** The names to choose from, the nearest one first. */
export function suggest(name: string, known: readonly string[]): string {
  const start = name.slice(0, MAX_COMPARED).toLowerCase(); // a caller can write a name of a megabyte
  const nearest = known.map((one) => ({ one, far: distance(start, one.toLowerCase()) })).sort((a, b) => a.far - b.far)[0];
  if (nearest !== undefined && nearest.far <= Math.max(2, start.length / 3)) return `"${nearest.one}"`;
  return known.length === 0 ? "nothing: there is none to choose" : `one of ${known.map((one) => `"${one}"`).join(", ")}`;
}

/** The names that are most similar, the nearest one first. @param count the most that are returned */
export function mostSimilar(name: string, known: readonly string[], count: number): readonly string[] {
  const start = name.slice(0, MAX_COMPARED).toLowerCase();
  const ranked = known.map((one) => ({ one, far: distance(start, one.toLowerCase()) })).sort((a, b) => a.far - b.far);
  return ranked
    .filter(({ far }) => far <= Math.max(3, 0.7 * start.length))
    .slice(0, count)
    .map(({ one }) => one);
}

/** One line for a message that tells all problems at once. */
export function describe(problem: Problem): string {
  return `${problem.path}: found ${problem.found}; ${problem.fix}`;
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  if (typeof value === "number" || typeof value === "bigint") return String(value); // JSON would turn NaN into null
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

const MAX_COMPARED = 200; // characters; no name in a configuration is as long

/** Edits that turn `a` into `b`. @see Levenshtein 1966 */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, swap));
    }
    row = next;
  }
  return row[b.length]!;
}
