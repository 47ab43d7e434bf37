// No request awaits a promise of another one: the request may have ended, and its promises then never settle, or reject. In Workers, results
// are shared in one way only, `workers/gateway/background/shared-outcome.ts`; everything else that outlives a call holds no promise.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ownFilesIn } from "../cli/own-files.ts";

const ROOT = join(import.meta.dirname, "..");

/** A promise type that is no result of a function: it is what a member or a collection holds. */
const HELD = String.raw`(?<!(?:=>|\):) [\w<>[\]" |]*)\bPromise(?:WithResolvers|Like)?<`;
const PATTERNS: readonly RegExp[] = [
  new RegExp(String.raw`^\s+(?:(?:private|public|static|declare|readonly) )*#?\w+[?!]?: (?:(?! = ).)*${HELD}[^=]*(?:;| = )`), // a member
  new RegExp(String.raw`\bnew (?:Weak)?(?:Map|Set|Array)<.*${HELD}`),
  new RegExp(String.raw`^(?:export )?(?:let|const|var) \w+: .*${HELD}`), // at the top of a module
  /^(?:export )?(?:let|const|var) [^=]+ = (?:new Promise\b|Promise\.)/,
  /^ {2}(?:(?:private|public|static|readonly) )*#?\w+ = (?:new Promise\b|Promise\.)/, // a field
  /\bthis\.#?\w+ (?:\?\?|\|\|)?= (?:new Promise\b|Promise\.|async\b)/,
];

/** Members that hold a promise within one call, with the reason. */
const WITHIN_ONE_CALL: Readonly<Record<string, string>> = {
  "workers/call/target.ts": "`Preparation.done` goes to the call that has made it",
  "workers/client/stream-client.ts": "the end of the request of one call",
  "workers/call/hedge.ts": "the attempts of one call",
  "workers/gateway/own-layers/layer-run.ts": "the run of a layer for one call",
  "workers/background-work/pipeline/pipeline-run.ts": "what was started for one run, which is of one request",
  "workers/service/call-context.ts": "the deadline of the call that the context is of",
};

interface Source {
  readonly path: string;
  readonly text: string;
}

function heldPromises(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => !(path in WITHIN_ONE_CALL))
    .flatMap(({ path, text }) =>
      text.split("\n").flatMap((line, index) => {
        const code = line.replace(/\/\/.*$/, "").trimEnd();
        return PATTERNS.some((pattern) => pattern.test(code)) ? [`${path}:${index + 1}`] : [];
      }),
    );
}

const sources = ownFilesIn(ROOT, "workers")
  .filter((path) => path.endsWith(".ts"))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));

it("holds promises in no place that outlives a call", () => {
  expect(sources.length).toBeGreaterThan(200);
  expect(heldPromises(sources)).toEqual([]);
});

it("lists no exception that covers nothing", () => {
  const unused = Object.keys(WITHIN_ONE_CALL).filter((path) => {
    const source = sources.find((one) => one.path === path);
    return source === undefined || heldPromises([{ ...source, path: "planted.ts" }]).length === 0;
  });
  expect(unused).toEqual([]);
});

describe("the check", () => {
  it.each([
    "  readonly done: Promise<void>;",
    "  #running: Promise<void> | undefined;",
    "  private batch?: PromiseWithResolvers<void>;",
    "  readonly #polls = new Map<string, Promise<void>>();",
    "  readonly #polls: Map<string, Promise<void>> = new Map();",
    "let first: Promise<Response> | undefined;",
    "const ready = Promise.withResolvers<void>();",
    "  #ready = Promise.withResolvers<void>();",
    "    this.#ready ??= Promise.resolve();",
    "    this.first = new Promise((resolve) => resolve());",
  ])("finds %j", (line) => expect(heldPromises([{ path: "a.ts", text: line }])).toEqual(["a.ts:1"]));

  it.each([
    "  readonly send: () => Promise<void>;",
    "  prepare(): Promise<void> | undefined;",
    "  getByName(name: string): { since(known: number): Promise<number> };",
    "  const { promise, resolve } = Promise.withResolvers<void>();",
    "  readonly #resolvers = new Set<() => void>();",
    "  fetch(request: Request): Promise<Response> {",
    "const handle = async (request: Request): Promise<Response> => {",
    "  pending: Promise<void>, // an argument",
    '  statusOf: (service: string) => Status | Promise<Status> = () => "serving",',
    "  const now = Date.now();",
  ])("leaves %j alone", (line) => expect(heldPromises([{ path: "a.ts", text: line }])).toEqual([]));
});
