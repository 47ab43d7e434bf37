// Language check: finds private words and comments without a subject in code, tests and documents (part of `npm run check`).
// Run it alone with paths: node cli/run.mjs cli/language.ts core/breaker
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { OWN_FOLDERS, ownFilesIn } from "./own-files.ts";

const ROOT = join(import.meta.dirname, "..");
const DOCUMENTS = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "THREAT-MODEL.md", "CHANGELOG.md", "vitest.config.ts"];
const TEXT_FILE = /\.(ts|tsx|mts|mjs|js|css|html|md|proto|toml|txt|json|svg)$/;
/** Not written by hand, or fixed by somebody else. */
const GENERATED =
  /(^|\/)(gen|third_party|google|grpc|buf)\/|package-lock\.json$|(^|\/)language-allowed\.json$|^cli\/language\.ts$|^docs\/mutation\.md$/;

/** Words and what to write instead. Inflections are listed one by one, since "recommend" is no "mend". */
const WORDS: readonly (readonly [words: string, instead: string])[] = [
  ["told", "sent, reported, named"],
  ["heard hears", "received"],
  ["ask asks asked asking asker askers", "request, query, call"],
  ["mend mends mended mending", "fix"],
  ["roster rosters", "endpoint list"],
  ["shelf shelves", "route store"],
  ["dart darts", "probes"],
  ["wells", "successes"],
  ["uneasy", "needs fast reports"],
  ["heed heeds heeded heeding", "honor"],
  ["dice", "random, rng"],
];
const INSTEAD = new Map(WORDS.flatMap(([words, instead]) => words.split(" ").map((word) => [word, instead] as const)));

const PHRASES: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/\bstanding answers?\b/gi, "static fallback response"],
  [/\bstand-?ins?\b|\bstandIns?\b|\bStandIns?\b/g, "static fallback response"],
  [/\bbehind the answer\b/gi, "in the background, after the response"],
  [/\bthe house\b/gi, "the architecture"],
  [/behaviour|honour|colour|favour|neighbour/gi, "US spelling"],
];

/** A comment after code that continues the identifier instead of saying something. */
const FRAGMENT = /^(?=.*\S\s+\/\/ (of|that|nor|for|to|as|on|whose|which|by)\b)(?!\s*(\/\/|\*))/;

export interface LanguageFinding {
  readonly path: string;
  readonly line: number; // from 1
  readonly found: string;
  readonly instead: string;
}

/** An exception: a word or "fragment" that may stand in one file. */
interface Allowed {
  readonly path: string; // from the root
  readonly word: string;
  readonly reason: string;
}

/**
 * Looks at identifiers, comments, strings and prose alike.
 *
 * @param path from the root; its ending decides whether comments after code are looked for
 */
export function findingsIn(path: string, text: string): LanguageFinding[] {
  const isCode = /\.(ts|tsx|mts|mjs|js|proto)$/.test(path);
  return text.split("\n").flatMap((content, index) => {
    const finding = (found: string, instead: string): LanguageFinding => ({ path, line: index + 1, found, instead });
    const words = wordsOf(content).flatMap((word) => (INSTEAD.has(word) ? [finding(word, INSTEAD.get(word)!)] : []));
    const phrases = PHRASES.flatMap(([phrase, instead]) => [...content.matchAll(phrase)].map(([found]) => finding(found, instead)));
    const opening = isCode ? FRAGMENT.exec(content)?.[1] : undefined;
    const fragments = opening === undefined ? [] : [finding(`// ${opening} ...`, "a full sentence, or a noun phrase with its unit")];
    return [...words, ...phrases, ...fragments];
  });
}

/** @returns every word in lower case; `isAsked` and `HEARD_OF` are two words each */
function wordsOf(line: string): string[] {
  const runs = line.match(/[A-Za-z]+/g) ?? [];
  return runs.flatMap((run) => run.split(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/)).map((word) => word.toLowerCase());
}

/**
 * @param under paths from the root: only findings in them; all where it is empty
 * @returns findings that no exception covers, and exceptions that cover nothing
 */
export function checkLanguage(under: readonly string[] = []): { readonly findings: LanguageFinding[]; readonly unused: Allowed[] } {
  const allowed = JSON.parse(readFileSync(join(ROOT, "cli/language-allowed.json"), "utf8")) as Allowed[];
  const paths = [...OWN_FOLDERS.flatMap((folder) => ownFilesIn(ROOT, folder)), ...DOCUMENTS].filter(
    (path) => TEXT_FILE.test(path) && !GENERATED.test(path),
  );
  const inside = paths.filter(
    (path) => under.length === 0 || under.some((prefix) => path === prefix || path.startsWith(`${prefix.replace(/\/$/, "")}/`)),
  );
  const all = inside.flatMap((path) => findingsIn(path, readFileSync(join(ROOT, path), "utf8")));
  const covers = (exception: Allowed, { path, found }: LanguageFinding): boolean =>
    exception.path === path && exception.word === found.toLowerCase();
  return {
    findings: all.filter((finding) => !allowed.some((exception) => covers(exception, finding))),
    unused: under.length > 0 ? [] : allowed.filter((exception) => !all.some((finding) => covers(exception, finding))),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { findings, unused } = checkLanguage(process.argv.slice(2));
  for (const { path, line, found, instead } of findings) console.log(`${path}:${line}: "${found}"; write: ${instead}`);
  for (const { path, word } of unused) console.log(`cli/language-allowed.json: "${word}" is not in ${path} any more; remove the exception`);
  console.log(`language: ${findings.length + unused.length} to fix`);
  process.exitCode = findings.length + unused.length === 0 ? 0 : 1;
}
