// The mutants of the core, and the seeded sample of them that is run.
import { globSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { Instrumenter } from "@stryker-mutator/instrumenter";
import { randomStream } from "../simulation/simulation.ts";

/** A mutant, identified by its position in the source, since ids differ between runs. */
export interface MutantPosition {
  readonly fileName: string; // from the root of the project, with forward slashes
  readonly location: { readonly start: Position; readonly end: Position };
  readonly mutatorName: string;
  readonly replacement: string;
}

interface Position {
  readonly line: number; // from 0
  readonly column: number; // from 0
}

/** Tests outside test/core/ that need only the core; those that take long for each mutant are left out. */
export const INTEGRATION_TESTS = ["test/integration/cache-semantics.node.test.ts", "test/integration/distributed-breaker.node.test.ts"];

/** What is copied for the runs, as patterns: the core, its tests, and what these import or read. */
export const COPIED = [
  "core/**",
  "test/core/**",
  ...INTEGRATION_TESTS,
  "test/{simulation,support}/**",
  "test/mutation/{sample,setup,vitest.config}.ts",
  "workers/service/limits/message-shape.ts",
  "cli/gen/{json-schema,parameters,settings}.ts",
  "cli/{command.ts,launch/usage.mjs}",
  "docs/{logs,metrics,parameters}.md",
  "docs/gateway.schema.json",
  "{package,tsconfig}.json",
];

/** A logger that writes nothing. */
const SILENT = new Proxy({}, { get: () => () => false }) as ConstructorParameters<typeof Instrumenter>[0];

/** @returns all mutants that the default mutators of StrykerJS make of the files */
export async function mutantsOf(root: string, files: readonly string[]): Promise<MutantPosition[]> {
  const sources = files.map((name) => ({ name, mutate: true, content: readFileSync(`${root}/${name}`, "utf8") }));
  const { mutants } = await new Instrumenter(SILENT).instrument(sources, { plugins: null, excludedMutations: [], ignorers: [] });
  return mutants.map(({ fileName, location, mutatorName, replacement }) => ({ fileName, location, mutatorName, replacement }));
}

/** @returns the files of the core that match the glob, from the root */
export function filesOf(root: string, glob: string): string[] {
  const files = globSync(glob, { cwd: root }).map((name) => name.replaceAll("\\", "/"));
  return files.filter((name) => name.startsWith("core/") && name.endsWith(".ts")).sort();
}

/** Identifies a mutant in all processes of one run. */
export function keyOf(root: string, { fileName, location: { start, end }, mutatorName, replacement }: MutantPosition): string {
  const name = fileName.startsWith(root) ? relative(root, fileName) : fileName;
  const position = `${name.replaceAll("\\", "/")}:${start.line}:${start.column}-${end.line}:${end.column}`;
  return `${position} ${mutatorName} ${replacement}`;
}

/** @returns what StrykerJS has to mutate for this mutant, as its option `mutate` takes it: lines count from 1, columns from 0 */
export function rangeOf({ fileName, location: { start, end } }: MutantPosition): string {
  return `${fileName}:${start.line + 1}:${start.column}-${end.line + 1}:${end.column}`;
}

/** The changed text of a mutant, and its first line: what identifies it when lines have moved. */
export interface MutantText {
  readonly line: number; // counts from 1
  readonly original: string;
  readonly source: string; // the line, trimmed
}

/** @param lines of the file. @param first number of the first line in `location` */
export function textOf(lines: readonly string[], { start, end }: MutantPosition["location"], first: 0 | 1): MutantText {
  const text = lines.slice(start.line - first, end.line - first + 1);
  text[text.length - 1] = text.at(-1)!.slice(0, end.column - first);
  text[0] = text[0]!.slice(start.column - first);
  return { line: start.line - first + 1, original: text.join("\n"), source: lines[start.line - first]!.trim() };
}

/**
 * Draws `size` mutants: first `perFile` of each file, or all where it has fewer, then the others at random from the remaining ones.
 * The same seed draws the same mutants from the same source.
 */
export function sampleOf<M extends { readonly fileName: string }>(mutants: readonly M[], size: number, perFile: number, seed: number): M[] {
  const shuffled = shuffle(mutants, randomStream(seed));
  const taken = new Map<string, number>();
  const [first, rest]: [M[], M[]] = [[], []];
  for (const mutant of shuffled) {
    const count = taken.get(mutant.fileName) ?? 0;
    taken.set(mutant.fileName, count + 1);
    (count < perFile ? first : rest).push(mutant);
  }
  return [...first, ...rest.slice(0, Math.max(0, size - first.length))];
}

function shuffle<T>(list: readonly T[], rng: () => number): T[] {
  const shuffled = [...list];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(rng() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
  }
  return shuffled;
}
