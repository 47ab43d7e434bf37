// Everything that `check` finds in a project: in gateway.config.ts, in each wrangler.toml, and between them.
import { readWorkerConfig } from "../project/bindings.ts";
import { CONFIG_FILE, type ConfigurationCheck, checkConfiguration, type LoadConfiguration } from "../project/configuration.ts";
import { healthBindingProblems } from "../project/health-bindings.ts";
import { identityNotes } from "../project/identity.ts";
import { locate } from "../project/locate.ts";
import { ownZoneNotes } from "../project/own-zone.ts";
import { sharedDebtNotes } from "../project/shared-debt.ts";
import { type ReadExports, workerProblems } from "../project/worker-problems.ts";
import { findWorkers, GATEWAY_FILE } from "../project/workers.ts";
import { deprecationNotes } from "./deprecations.ts";
import { type Finding, findingOf } from "./finding.ts";
import { locateMethod } from "./locate-method.ts";
import { unreachable, urlsOf } from "./online.ts";
import { publicServiceProblems } from "./public-services.ts";
import { committedVariables, sourceFindings, variableFindings } from "./secrets/secret-findings.ts";
import { bindingFindings } from "./wrangler/binding-rules.ts";
import { environmentFindings } from "./wrangler/environment-rules.ts";
import { locateTable } from "./wrangler/locate-table.ts";
import { migrationFindings } from "./wrangler/migration-rules.ts";
import { workerFindings } from "./wrangler/worker-rules.ts";
import { readWranglerFiles, type WranglerFile } from "./wrangler/wrangler-file.ts";

export interface CheckProjectOptions {
  readonly config?: string | undefined; // file of the configuration; default gateway.config.ts
  readonly env?: string | undefined; // environment of wrangler.toml; undefined for the top level
  readonly online?: boolean | undefined; // whether URLs are called; never by default
  readonly now?: Date | undefined;
  readonly load?: LoadConfiguration | undefined; // default: in another process
  readonly readExports?: ReadExports | undefined; // default: bundles each Worker
}

/** The project in the current folder. @returns what is wrong, in no order and maybe twice: `inOrder` sorts it */
export async function findProblems(options: CheckProjectOptions): Promise<Finding[]> {
  const { config = CONFIG_FILE, env, online = false, now = new Date() } = options;
  const checked = await checkConfiguration({ secrets: "local", file: config, env, load: options.load });
  const files = readWranglerFiles();
  return [
    ...configurationFindings(checked, config, env),
    ...(await workersFindings(checked, options, files)),
    ...wranglerFindings(files, now, env),
    ...[config, ...checked.inputs.filter(isTheirs)].flatMap((file) => (checked.inputs.length > 0 ? sourceFindings(file) : [])),
    ...committedVariables(),
    ...(online ? await onlineFindings(checked, config) : []),
  ];
}

/** Files that a configuration of a team imports; those of the gateway have no secrets. */
function isTheirs(file: string): boolean {
  return !/^(cli|core|workers|durable-objects|protos)\/|^gateway\.config\.ts$|node_modules\//.test(file);
}

function configurationFindings(checked: ConfigurationCheck, config: string, env: string | undefined): Finding[] {
  const { problems, missingSecrets, localOnly, settings, suspicions } = checked;
  const place = (finding: Finding): Finding => (finding.file === "" ? placed(finding, config, checked.inputs) : finding);
  const notes = [
    ...missingSecrets,
    ...localOnly,
    ...gatewayNotes(settings, env),
    ...sharedDebtNotes(settings),
    ...identityNotes(settings),
    ...deprecationNotes(settings),
  ];
  return [
    ...problems.map((line) => findingOf(line, "error")),
    ...suspicions.map(inProto),
    ...notes.map((line) => place(findingOf(line, "note"))),
  ];
}

/** A rule of a proto is named by its method: `users.v1.UserService.GetUser (GET /v1/users/{id})`. */
function inProto(finding: Finding): Finding {
  const [, service, method] = /^([\w.]+)\.(\w+)(?: \(|$)/.exec(finding.path) ?? [];
  const place = service?.includes(".") ? locateMethod(service, method!) : undefined;
  return place === undefined ? finding : { ...finding, ...place };
}

function gatewayNotes(settings: unknown, env: string | undefined): string[] {
  try {
    return ownZoneNotes(settings, readWorkerConfig(GATEWAY_FILE, env));
  } catch {
    return []; // reported by checkConfiguration
  }
}

function placed(finding: Finding, config: string, inputs: readonly string[]): Finding {
  const at = finding.path === "" ? config : locate(finding.path, config, inputs);
  const [, file, line, column] = /^(.*?):(\d+):(\d+)$/.exec(at) ?? [];
  if (file === undefined) return { ...finding, file: at };
  return { ...finding, file, line: Number(line), column: Number(column) };
}

/** Problems between Workers, and of the classes that they export. */
async function workersFindings(
  checked: ConfigurationCheck,
  { config = CONFIG_FILE, env, readExports }: CheckProjectOptions,
  files: readonly WranglerFile[],
): Promise<Finding[]> {
  const { settings, services } = checked;
  const workers = findWorkers(env);
  const lines = [
    ...(await workerProblems(workers, settings === undefined ? undefined : services, config, readExports)),
    ...healthBindingProblems(settings, workers.objects, env),
    ...(await publicServiceProblems(workers.services, settings)),
  ];
  const dates = / found no compatibility_date/; // found again in the file, with its line
  return lines
    .filter((line) => !dates.test(line))
    .map((line) => {
      const finding = findingOf(line, "error");
      if (finding.file === "") return placed(finding, config, checked.inputs);
      const text = files.find(({ file }) => file === finding.file)?.text;
      return {
        ...finding,
        ...(text !== undefined && finding.line === undefined && finding.path !== "" ? locateTable(text, finding.path) : undefined),
      };
    });
}

function wranglerFindings(files: readonly WranglerFile[], now: Date, env: string | undefined): Finding[] {
  const gateway = files.find(({ role }) => role === "gateway");
  const today = now.toISOString().slice(0, 10);
  return [
    ...files.flatMap((file) => [
      ...bindingFindings(file),
      ...workerFindings(file, gateway, today),
      ...migrationFindings(file),
      ...variableFindings(file),
    ]),
    ...environmentFindings(files, env),
  ];
}

async function onlineFindings({ settings, inputs }: ConfigurationCheck, config: string): Promise<Finding[]> {
  const failed = await unreachable(urlsOf(settings));
  return failed.map(({ path, url, reason }) => {
    const message = `found "${url}", which does not answer: ${reason}`;
    return placed(
      { severity: "warning", file: "", path, message, fix: "correct the URL, or see why it does not answer from here" },
      config,
      inputs,
    );
  });
}
