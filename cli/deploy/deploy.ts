// `npm run deploy`: deploys the Durable Objects, then the services, then the gateway that is bound to them. With --dry-run nothing is sent.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { suggest } from "../../core/config/problems.ts";
import { publicServiceProblems } from "../check/public-services.ts";
import { parseCommand } from "../command.ts";
import { bundle } from "../project/bundle.ts";
import { CONFIG_FILE, checkConfiguration } from "../project/configuration.ts";
import { environmentProblems } from "../project/environment.ts";
import { healthBindingProblems } from "../project/health-bindings.ts";
import { unreachableProblems, workerProblems } from "../project/worker-problems.ts";
import { allWorkers, findWorkers, type ProjectWorker } from "../project/workers.ts";
import { parseDeployArguments } from "./deploy-arguments.ts";

const BUNDLE = ".wrangler/tidegate/gateway.js";

const args = process.argv.slice(2);
if (args.some((arg) => /^(--help|-h|--version)$/.test(arg))) parseCommand("deploy", {});
const { env, config, others, ofGateway, only, problems: wrong } = parseDeployArguments(args);
stopAt(wrong, 2);
stopAt(problemsOf(() => environmentProblems(env)));
const workers = findWorkers(env);
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
const names = allWorkers(workers).map(({ name }) => name);
stopAt(
  only
    .filter((name) => !names.includes(name))
    .map((name) => `--only: found "${name}", which no Worker of the project is; write ${suggest(name, names)}`),
  2,
);
for (const line of unreachable) console.error(`note: ${line}`);
for (const line of missingSecrets) console.error(`note: secrets of the account cannot be seen from here: ${line}`);

const gateway = workers.gateway!;
for (const worker of allWorkers(workers)) {
  if (only.length > 0 && !only.includes(worker.name)) continue;
  console.log(`\n${worker.file}${env === undefined ? "" : ` [env.${env}]`}: ${worker.name}`);
  const script = worker === gateway && config !== CONFIG_FILE ? [await bundled(worker)] : [];
  const { CLOUDFLARE_ENV: _, ...variables } = process.env; // the environment is named for each Worker
  const options = ["-c", worker.file, `--env=${env ?? ""}`, "--minify", ...others, ...(worker === gateway ? ofGateway : [])];
  const { status, error } = spawnSync("wrangler", ["deploy", ...script, ...options], { stdio: "inherit", env: variables });
  if (error !== undefined) console.error(`wrangler could not be started: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** @returns the path of a bundle of the gateway with another configuration than its entry imports, for wrangler to deploy */
async function bundled({ config: { main, alias, define, tsconfig } }: ProjectWorker): Promise<string> {
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

function stopAt(lines: readonly string[], code = 1): void {
  if (lines.length === 0) return;
  console.error(["nothing is deployed:", ...new Set(lines)].join("\n  "));
  process.exit(code);
}
