// `tidegate explain`: what the gateway of the project would do with a request.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Plugin } from "esbuild";
import type { Explanation } from "../../core/explain/explanation.ts";
import { explanationLines } from "../../core/explain/explanation-text.ts";
import { LOCAL_VARIABLE } from "../../core/registry/endpoint-host.ts";
import { bindingsOf, readWorkerConfig } from "../project/bindings.ts";
import { bundle } from "../project/bundle.ts";
import { environmentOf } from "../project/environment.ts";
import { ownFile } from "../project/installation.ts";
import type { Context } from "../tidegate/context.ts";
import { Failure } from "../tidegate/failure.ts";
import { PLATFORM } from "./platform.ts";
import type { ExplainProgramRequest } from "./program.ts";
import { colors, requestOf } from "./request.ts";

export interface ExplainFlags {
  readonly config?: string | undefined;
  readonly env?: string | undefined;
}

type Result =
  | { readonly kind: "explained"; readonly explanation: Explanation }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

const CONFIG_FILE = "gateway.config.ts";
const LAYERS_FILE = "gateway.layers.ts";
const TIMEOUT_MS = 60_000;

const platform: Plugin = {
  name: "platform",
  setup(build) {
    build.onResolve({ filter: /^cloudflare:workers$/ }, ({ path }) => ({ path, namespace: "platform" }));
    build.onLoad({ filter: /.*/, namespace: "platform" }, () => ({ contents: PLATFORM, loader: "js" }));
  },
};

/** @returns 1 where the request is refused, otherwise 0 */
export async function explain(context: Context, { config = CONFIG_FILE, env }: ExplainFlags, words: readonly string[]): Promise<0 | 1> {
  const { method, path } = requestOf(words, "explain");
  context.progress("compiling the configuration ...");
  const worker = readWorkerConfig("wrangler.toml", environmentOf(env));
  const local = { [LOCAL_VARIABLE]: { kind: "value", value: "true" } } as const; // URLs that only a local gateway can call are explained, too
  const request = { bindings: { ...bindingsOf(worker, "local", environmentOf(env)), ...local }, method, path };
  const result = await explained(config, worker.main, request);
  if (result.kind === "invalid")
    throw new Failure({ what: `${config}: ${result.problems.join("; ")}`, fix: "correct it first; `tidegate check` has file and line" });
  const { explanation } = result;
  context.print(explanation, `${explanationLines(explanation, colors(context.hasColor)).join("\n")}\n`);
  return explanation.kind === "refused" ? 1 : 0;
}

async function explained(file: string, main: string | undefined, request: ExplainProgramRequest): Promise<Result> {
  if (!existsSync(file)) throw new Failure({ what: `${file}: found no such file`, fix: "name another with --config" });
  const folder = mkdtempSync(join(tmpdir(), "tidegate-explain-"));
  const [program, input, output] = ["explain.mjs", "request.json", "result.json"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  try {
    const { text } = await bundle({
      entry: "explain.ts",
      text: programOf(main),
      runtime: "node",
      gatewayConfig: file,
      plugins: [platform],
    });
    writeFileSync(program, text);
    writeFileSync(input, JSON.stringify(request));
    await promisify(execFile)(process.execPath, [program, input, output], {
      timeout: TIMEOUT_MS,
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    return JSON.parse(readFileSync(output, "utf8")) as Result;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    const line = /^(?:Uncaught )?(\w*Error.*)$/m.exec(stderr ?? "")?.[1];
    throw new Failure({ what: `${file} cannot be loaded: ${line ?? (error as Error).message}`, fix: "`tidegate check` has file and line" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** It has what the entry of the gateway has. */
function programOf(main: string | undefined): string {
  const from = (source: string): string => JSON.stringify(ownFile(source));
  const validates = main !== undefined && existsSync(main) && /validating(\.ts)?["']?/.test(`${main} ${readFileSync(main, "utf8")}`);
  const hasLayers = existsSync(LAYERS_FILE);
  const extensions = [...(validates ? ["validator: protovalidate(), compiler: celExpressions()"] : []), ...(hasLayers ? ["layers"] : [])];
  return [
    `import input from "./${CONFIG_FILE}";`,
    `import { catalog } from "./workers/services/catalog.ts";`,
    `import { runExplanation } from ${from("cli/explain/program.ts")};`,
    `import { explainConfiguration } from ${from("workers/gateway/trace/explain-configuration.ts")};`,
    ...(validates ? [`import { celExpressions, protovalidate } from ${from("workers/validating.ts")};`] : []),
    ...(hasLayers ? [`import layers from "./${LAYERS_FILE}";`] : []),
    `await runExplanation((env, request) => explainConfiguration(input, catalog, env, { ${extensions.join(", ")} }, request));`,
  ].join("\n");
}
