// `tidegate deploy`: deploys the Durable Objects, then the services, then the gateway that is bound to them. With --dry-run nothing is sent.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { suggest } from "../../core/config/problems.ts";
import { publicServiceProblems } from "../check/public-services.ts";
import { buildConsole } from "../console/build-console.ts";
import { bundle } from "../project/bundle.ts";
import { CONFIG_FILE, checkConfiguration } from "../project/configuration.ts";
import { environmentProblems } from "../project/environment.ts";
import { healthBindingProblems } from "../project/health-bindings.ts";
import { unreachableProblems, workerProblems } from "../project/worker-problems.ts";
import { allWorkers, findWorkers, type ProjectWorker } from "../project/workers.ts";
import type { Context } from "../tidegate/context.ts";
import { Failure } from "../tidegate/failure.ts";
import { bundledVersion } from "./bundled-version.ts";
import { parseDeployArguments } from "./deploy-arguments.ts";

const BUNDLE = ".wrangler/tidegate/gateway.js";

/** A Worker that has been deployed, or built under --dry-run. */
interface Deployed {
  readonly file: string;
  readonly name: string;
  readonly env: string | null;
}

/** @param args without the name of the command; unknown options are passed on to wrangler */
export async function deploy(context: Context, args: readonly string[]): Promise<number> {
  const { env, config, others, ofGateway, only, isForced = false, problems: wrong } = parseDeployArguments(args);
  stopAt(wrong, 2);
  stopAt(problemsOf(() => environmentProblems(env)));
  const workers = findWorkers(env);
  const settings = await check(context, workers, env, config);
  const all = allWorkers(workers);
  const names = all.map(({ name }) => name);
  stopAt(
    only
      .filter((name) => !names.includes(name))
      .map((name) => `--only: found "${name}", which no Worker of the project is; write ${suggest(name, names)}`),
    2,
  );
  const gateway = workers.gateway!;
  if (only.length === 0 || only.includes(gateway.name)) await compare(context, settings, config, isForced);
  await buildConsole();
  const deployed: Deployed[] = [];
  for (const worker of all) {
    if (only.length > 0 && !only.includes(worker.name)) continue;
    if (!context.isJson) context.print(null, `\n${worker.file}${env === undefined ? "" : ` [env.${env}]`}: ${worker.name}\n`);
    const script = worker === gateway && config !== CONFIG_FILE ? [await bundled(worker, config)] : [];
    const options = ["-c", worker.file, `--env=${env ?? ""}`, "--minify", ...others, ...(worker === gateway ? ofGateway : [])];
    const code = runWrangler(context, ["deploy", ...script, ...options]);
    if (code !== 0 && context.isJson)
      context.print(
        { deployed, error: { what: `wrangler deploy of ${worker.name} ended with ${code}`, where: { file: worker.file } } },
        "",
      );
    if (code !== 0) return code;
    deployed.push({ file: worker.file, name: worker.name, env: env ?? null });
  }
  if (context.isJson) context.print({ deployed }, "");
  return 0;
}

/** @throws Failure where the gateway would bundle an older version of its configuration than the live one */
async function compare(context: Context, settings: unknown, config: string, isForced: boolean): Promise<void> {
  const bundled = await bundledVersion(context, settings, config);
  if (bundled.kind === "older" && !isForced) stopAt([bundled.problem]);
  if (bundled.kind === "older") context.note(`warning: ${bundled.problem}`);
  if (bundled.kind === "unknown") context.note(`note: ${bundled.note}`);
}

/** Reports what cannot be seen from here. @returns the settings of the gateway @throws Failure with all problems of the project */
async function check(context: Context, workers: ReturnType<typeof findWorkers>, env: string | undefined, config: string): Promise<unknown> {
  const { problems, missingSecrets, localOnly, services, settings } = await checkConfiguration({ secrets: "deployed", env, file: config });
  const unreachable = new Set(unreachableProblems(workers));
  const found = [
    ...problems,
    ...localOnly,
    ...(await workerProblems(workers, problems.length > 0 ? undefined : services, config)),
    ...healthBindingProblems(settings, workers.objects, env),
    ...(await publicServiceProblems(workers.services, settings)),
  ];
  stopAt(found.filter((line) => !unreachable.has(line)));
  for (const line of unreachable) context.note(`note: ${line}`);
  for (const line of missingSecrets) context.note(`note: secrets of the account cannot be seen from here: ${line}`);
  return settings;
}

/** @returns the exit code; what wrangler prints goes to the standard error under --json */
function runWrangler({ isJson }: Context, args: readonly string[]): number {
  const { CLOUDFLARE_ENV: _, ...variables } = process.env; // the environment is named for each Worker
  const stdio = isJson ? (["inherit", 2, "inherit"] as const) : "inherit";
  const { status, error } = spawnSync("wrangler", [...args], { stdio: typeof stdio === "string" ? stdio : [...stdio], env: variables });
  if (error !== undefined) throw new Failure(`wrangler could not be started: ${error.message}`);
  return status ?? 1;
}

/** @returns the path of a bundle of the gateway with another configuration than its entry imports, for wrangler to deploy */
async function bundled({ config: { main, alias, define, tsconfig } }: ProjectWorker, config: string): Promise<string> {
  const { text } = await bundle({ entry: main!, runtime: "workerd", gatewayConfig: config, alias, define, tsconfig });
  mkdirSync(dirname(BUNDLE), { recursive: true });
  writeFileSync(BUNDLE, text);
  return BUNDLE;
}

function problemsOf(look: () => readonly string[]): readonly string[] {
  try {
    return look();
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

function stopAt(lines: readonly string[], code: 1 | 2 = 1): void {
  if (lines.length === 0) return;
  throw new Failure(["nothing is deployed:", ...new Set(lines)].join("\n  "), code);
}
