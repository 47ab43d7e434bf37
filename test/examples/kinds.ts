// What becomes of each block and command of the documents: how it is run, or why it is not.
import { readFileSync } from "node:fs";
import { type Block, blocks, type Command, commandsOf, inline } from "./documents.ts";

/** Pages whose blocks are steps: they are executed in order, in a copy of their own. */
export const WALKS: readonly string[] = [
  "docs/add-a-service.md",
  "docs/add-a-layer.md",
  "docs/own-layer.md",
  "docs/protos.md",
  "docs/first-api-key.md",
];

/** Blocks that nobody runs, by file and first line. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'docs/idempotency.md: import { defineService } from "../../service.ts"; // "tidegate/service" in a project of your own':
    "a part of a service; test/workers/service/idempotency/with-keys.test.ts has such ones",
  'docs/idempotency.md: import { DurableObject } from "cloudflare:workers";':
    "a part of a service; test/workers/service/idempotency/once.test.ts runs such an object",
  "docs/idempotency.md: const payments = (env: Env) => ({": "a part of a service; bench/workers/host/keyed.ts has such a method",
  "docs/idempotency.md: [[durable_objects.bindings]]": "a part of wrangler.toml; test/support/idempotency/wrangler.toml has the same lines",
  "docs/service-clients.md: // users.ts: one pool for each isolate":
    "parts of a service; test/workers/client/http-client.test.ts calls such a pool",
  "docs/service-clients.md: const cache = responseCache({ ttlMs: 5_000 });":
    "a part of a service; test/workers/client/cache/response-cache.test.ts has such a cache",
  "docs/service-clients.md: // each attempt, because another endpoint may get it":
    "one argument; test/workers/client/http-client.test.ts has such a function",
  'docs/monitoring.md: metrics: { analyticsEngine: "ANALYTICS" },':
    "needs the dataset that the lines above bind; test/workers/gateway/metrics/sinks.test.ts writes to one",
  "docs/service-host.md: export class Visits extends DurableObject<Env> {":
    "a part of test/support/in-object/worker.ts, which test/integration/service-in-object.test.ts runs",
  'docs/service-host.md: const greetings = createClient(GreetService, inProcess(worker, { GREETING: "Hello" }));':
    "the form of a test; test/integration/transports.node.test.ts runs such ones",
  "docs/service-host.md: [[durable_objects.bindings]]":
    "a part of wrangler.toml; test/integration/service-metrics.test.ts runs with such a binding",
  "docs/rate-limiting.md: [[ratelimits]]":
    "a part of wrangler.toml; test/workers/gateway/rate-limit/platform-limits.test.ts runs such a binding",
};

/** Commands that are not run here, by their beginning. */
const COMMAND_EXCEPTIONS: readonly (readonly [beginning: RegExp, reason: string])[] = [
  [
    /^(npm create tidegate|node upstream\.mjs|npx tidegate (import openapi|publish|status|versions)|npm run deploy -- --secrets-file|npx wrangler secret)\b/,
    "of a project that uses the package: npm run test:package",
  ],
  [/^npm (test|run test:\w+)( |$)/, "a suite of tests: .ci/run runs it, or README says why not"],
  [/^\.ci\/run$/, "runs this suite itself"],
  [/^npm run identity\b/, "changes the secrets of an account: test/cli/admin/identity.test.ts runs it"],
  [/^npm run test(:mutation|:settings)?\b/, "takes an hour"],
  [/^(npx )?wrangler (login|queues|secret|tail|whoami)\b/, "needs an account"],
  [/^(npm|npx|wrangler|grpcurl|buf curl|npm run \.\.\.|npm run X.*)$/, "the name of a tool, not a command"],
  [/^wrangler (dev|deploy)$/, "named for comparison: npm start and npm run deploy take their place"],
  [/^node test\/account\//, "proves on an account what only Cloudflare's edge does"],
  [/^curl (?!.*(localhost|https?:))/, "some options of a command, not a whole one"],
  [/^npm run bench:load\b/, "needs wrk and Go, and is for a machine that does nothing else"],
  [/^npm run bench:requirements\b/, "takes minutes, and is for a machine that does nothing else"],
  [/^(npx tidegate|npm run tidegate --) NAME$/, "stands for every command"],
  [/^npx tidegate\b/, "the command of the package: test/cli/tidegate runs its commands, test/package those of the tarball"],
  [/^npm run tidegate -- top\b/, "needs a running gateway with calls: test/e2e/top.test.ts runs it"],
  [/^npm (ci|install)$/, "installs; test/cli/launch/install.test.ts does so in a project of its own"],
];

/** Pages for a project that uses the package: `npm run test:package` executes them in one. */
const TUTORIALS = /^docs\/tutorials\//;

/** A page whose blocks are Workers that use `tidegate/work`: test/examples/background-work.test.ts runs them. */
export const WORK_PAGE = "docs/background-work.md";

export type Kind = "tutorial" | "worker" | "diagram" | "walk" | "configuration" | "session" | "shell" | "data" | "exception";

/** @returns undefined for a block that nothing runs: give it a language that says what it is, or list it with a reason */
export function kindOf(block: Block): Kind | undefined {
  if (exceptionOf(block) !== undefined) return "exception";
  if (block.language === "text") return "diagram";
  if (TUTORIALS.test(block.file)) return "tutorial";
  if (WALKS.includes(block.file)) return "walk";
  if (block.file === WORK_PAGE && block.language === "ts") return "worker";
  if (block.language === "ts" && block.path === "gateway.config.ts") return "configuration";
  if (block.language === "console") return "session";
  if (block.language === "sh") return "shell";
  if (block.language === "json") return "data";
  return undefined;
}

export function exceptionOf(block: Block): string | undefined {
  return EXCEPTIONS[`${block.file}: ${block.text.split("\n")[0]}`];
}

export const exceptionsOfBlocks: readonly string[] = Object.keys(EXCEPTIONS);

export function reasonNotToRun(line: string): string | undefined {
  return COMMAND_EXCEPTIONS.find(([beginning]) => beginning.test(line))?.[1];
}

export const blocksOfKind = (kind: Kind): Block[] => blocks.filter((block) => kindOf(block) === kind);

/** Every command of the documents outside of walks and sessions, each once. */
export const commands: readonly Command[] = merged([
  ...inline,
  ...blocksOfKind("shell").flatMap((block) => commandsOf(block).map((line) => ({ line, at: [block.at] }))),
]);

function merged(all: readonly Command[]): Command[] {
  const byLine = new Map<string, string[]>();
  for (const { line, at } of all) byLine.set(line, [...(byLine.get(line) ?? []), ...at]);
  return [...byLine].map(([line, at]) => ({ line, at }));
}

/** A scenario of each simulation that takes seconds. */
const SIMULATIONS: Readonly<Record<string, string>> = {
  balancers: "fast-failing",
  exchange: "small",
  limiter: "uniform-0.5x",
  resilience: "short-hang",
};

/** One line measures every subject, for a second and without counting; each other one only a few, since each has to be started. */
function benchmark(line: string, addition: (flags: string) => string): string {
  const unlimited = line.replace(/ --seconds \d+/, "");
  if (line.includes("--only")) return `${unlimited} --seconds 1`;
  if (line.includes("--json")) return `${unlimited} --seconds 1 --cpu-only`;
  return addition("--seconds 1 --only bare,gateway");
}

/** How a command is run: shorter, without an account, and to an end. */
export function runnable(line: string): string {
  const addition = (flags: string): string => (line.includes(" -- ") ? `${line} ${flags}` : `${line} -- ${flags}`);
  if (/^npm run bench( |$)/.test(line)) return benchmark(line, addition);
  if (line === "npm run bench:amplification") return addition("--only URL");
  if (/^npm run bench:(ablation|buffers|cold-start|control|work)( |$)/.test(line)) return addition("--rounds 1");
  if (line === "npm run bench:memory") return addition("--requests 2000");
  if (/^npm run bench:\w+$/.test(line)) return addition("--seconds 1");
  if (/^npm run deploy( |$)/.test(line)) return line.includes("--dry-run") ? line : addition("--dry-run");
  if (/^npm run (register|purge|breaker|keys|sim)$/.test(line)) return addition("--help");
  const simulation = /^npm run sim -- (\w+)/.exec(line)?.[1];
  if (simulation !== undefined && simulation in SIMULATIONS && !line.includes("--only")) return `${line} --only ${SIMULATIONS[simulation]}`;
  return line.replace(/^(?:CACHE|ADMIN)_TOKEN=\.\.\. /, "").replace(/^curl -N /, "curl -N --max-time 5 ");
}

/**
 * Exit codes that are right beside 0: a stream without an end is left after a time, and a benchmark says that requests failed, which they do
 * on a machine that is too busy for their deadlines.
 */
export const isRight = (line: string, code: number | null): boolean =>
  code === 0 || (line.startsWith("curl -N ") && code === 28) || (line.startsWith("npm run bench") && code === 3);

/** What `.ci/run` runs. */
export const continuousIntegration = readFileSync(".ci/run", "utf8");
