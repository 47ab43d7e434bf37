// Reports the problems of gateway.config.ts and of the Workers of the project. A missing secret is a note: the account may
// have it. So is a URL that only a local gateway can call: `npm run deploy` refuses it.
import { parseArgs } from "node:util";
import { readWorkerConfig } from "../project/bindings.ts";
import { checkConfiguration } from "../project/configuration.ts";
import { environmentOf } from "../project/environment.ts";
import { healthBindingProblems } from "../project/health-bindings.ts";
import { identityNotes } from "../project/identity.ts";
import { ownZoneNotes } from "../project/own-zone.ts";
import { sharedDebtNotes } from "../project/shared-debt.ts";
import { workerProblems } from "../project/worker-problems.ts";
import { findWorkers } from "../project/workers.ts";
import { deprecationNotes } from "./deprecations.ts";
import { publicServiceProblems } from "./public-services.ts";

const { values } = parseArgs({ options: { config: { type: "string" }, env: { type: "string", short: "e" } } });
const env = environmentOf(values.env);
const { problems, missingSecrets, localOnly, settings, services } = await checkConfiguration({
  secrets: "local",
  file: values.config,
  env,
});
const catalog = settings === undefined ? undefined : services; // a configuration that cannot be loaded has no catalog
const workers = findWorkers(env);
const lines = new Set([
  ...problems,
  ...(await workerProblems(workers, catalog, values.config)),
  ...healthBindingProblems(settings, workers.objects, env),
  ...(await publicServiceProblems(workers.services, settings)),
]);
for (const line of lines) console.error(line);
const ownZone = ownZoneNotes(settings, readWorkerConfig("wrangler.toml", env));
const notes = [
  ...missingSecrets,
  ...localOnly,
  ...ownZone,
  ...sharedDebtNotes(settings),
  ...identityNotes(settings),
  ...deprecationNotes(settings),
];
for (const line of notes) console.error(`note: ${line}`);
process.exitCode = lines.size === 0 ? 0 : 1;
