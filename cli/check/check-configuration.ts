// Reports the problems of gateway.config.ts and of the Workers of the project. A missing secret is a note: the account may have it.
import { parseArgs } from "node:util";
import { checkConfiguration } from "../project/configuration.ts";
import { environmentOf } from "../project/environment.ts";
import { workerProblems } from "../project/worker-problems.ts";
import { findWorkers } from "../project/workers.ts";

const { values } = parseArgs({ options: { config: { type: "string" }, env: { type: "string", short: "e" } } });
const env = environmentOf(values.env);
const { problems, missingSecrets, settings, services } = await checkConfiguration({ secrets: "local", file: values.config, env });
const catalog = settings === undefined ? undefined : services; // a configuration that cannot be loaded has no catalog
const lines = new Set([...problems, ...(await workerProblems(findWorkers(env), catalog, values.config))]);
for (const line of lines) console.error(line);
for (const line of missingSecrets) console.error(`note: ${line}`);
process.exitCode = lines.size === 0 ? 0 : 1;
