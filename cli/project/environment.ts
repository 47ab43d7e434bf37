// Environments of wrangler.toml: an environment inherits no bindings, and must name its own Workers and data, never those of another one.
import { experimental_readRawConfig } from "wrangler";
import { readWorkerConfig, type WorkerConfig } from "./bindings.ts";
import { GATEWAY_FILE, workerFiles } from "./workers.ts";

/** The name of the top level, unless a wrangler.toml has sections of that name. */
const TOP_LEVEL = "production";

/** @param given value of --env @returns that, or CLOUDFLARE_ENV, which wrangler reads too; undefined for the top level */
export function environmentOf(given: string | undefined): string | undefined {
  const name = given ?? process.env["CLOUDFLARE_ENV"] ?? "";
  if (name === "" || (name === TOP_LEVEL && !workerFiles().some((file) => hasEnvironment(file, name)))) return undefined;
  return name;
}

function hasEnvironment(file: string, name: string): boolean {
  try {
    return environmentsIn(file).includes(name);
  } catch {
    return false; // a file that cannot be read is reported where it is needed
  }
}

interface Deployment {
  readonly file: string;
  readonly env: string | undefined; // undefined for the top level
  readonly config: WorkerConfig;
}

/**
 * Bindings, names, routes and namespaces of an environment that belong to another one.
 *
 * @param env the environment that is to be deployed; undefined for the top level
 */
export function environmentProblems(env: string | undefined): string[] {
  const files = workerFiles();
  const environments = new Map(files.map((file) => [file, environmentsIn(file)]));
  const missing = env === undefined ? [] : files.filter((file) => !environments.get(file)!.includes(env));
  if (missing.length > 0) return missing.map((file) => missingProblem(file, env!, environments.get(file)!));
  const all = files.flatMap((file) =>
    [undefined, ...environments.get(file)!].map((one): Deployment => ({ file, env: one, config: readWorkerConfig(file, one) })),
  );
  const own = all.filter((one) => one.env === env);
  const others = all.filter((one) => one.env !== env);
  return own.flatMap((deployment) => [
    ...nameProblems(deployment, others),
    ...bindingProblems(deployment, own, others),
    ...routeProblems(deployment, others),
    ...namespaceProblems(deployment, others),
  ]);
}

function environmentsIn(file: string): string[] {
  const { rawConfig }: { rawConfig: { readonly env?: Readonly<Record<string, unknown>> } } = experimental_readRawConfig({ config: file });
  return Object.keys(rawConfig.env ?? {});
}

function missingProblem(file: string, env: string, known: readonly string[]): string {
  const found = known.length === 0 ? "no environments" : `the environments ${known.join(", ")}`;
  const bindings =
    file === GATEWAY_FILE
      ? ", and its own [[env." + env + ".services]] and other bindings, since none is inherited"
      : " and its own bindings, since none is inherited";
  return `${file}: found ${found}, and the top level is production; add [env.${env}] with name = "${readWorkerConfig(file).name}-${env}"${bindings}`;
}

function label(env: string | undefined): string {
  return env === undefined ? "the top level" : `[env.${env}]`;
}

function at({ file, env }: Deployment, section: string): string {
  return env === undefined ? `${file}: [[${section}]]` : `${file}: [[env.${env}.${section}]]`;
}

function nameProblems({ file, env, config }: Deployment, others: readonly Deployment[]): string[] {
  const same = others.find((other) => other.config.name === config.name);
  if (same === undefined || env === undefined) return []; // the other environment reports it
  return [
    `${file}: [env.${env}] name: found "${config.name}", the Worker of ${label(same.env)} in ${same.file}; write "${readWorkerConfig(same.file).name}-${env}"`,
  ];
}

/** Bindings to Workers of another environment. */
function bindingProblems(deployment: Deployment, own: readonly Deployment[], others: readonly Deployment[]): string[] {
  const ownNames = new Set(own.map(({ config }) => config.name));
  const { config } = deployment;
  const named = [
    ...(config.services ?? []).map(({ binding, service }) => ({ section: "services", binding, field: "service", name: service })),
    ...config.durable_objects.bindings.flatMap(({ name, script_name }) =>
      script_name === undefined ? [] : [{ section: "durable_objects.bindings", binding: name, field: "script_name", name: script_name }],
    ),
  ];
  return named.flatMap(({ section, binding, field, name }) => {
    const other = ownNames.has(name) ? undefined : others.find((one) => one.config.name === name);
    if (other === undefined) return [];
    const right = own.find(({ file }) => file === other.file)?.config.name;
    return [`${at(deployment, section)} ${binding}: found ${field} = "${name}", the Worker of ${label(other.env)}; write "${right}"`];
  });
}

function patternsOf({ routes, route }: WorkerConfig): string[] {
  return [...(routes ?? []), ...(route === undefined ? [] : [route])].map((one) => (typeof one === "string" ? one : one.pattern));
}

/** Routes are inherited: an environment without routes of its own takes the requests of the top level. */
function routeProblems({ file, env, config }: Deployment, others: readonly Deployment[]): string[] {
  if (env === undefined) return [];
  return patternsOf(config).flatMap((pattern) => {
    const other = others.find((one) => patternsOf(one.config).includes(pattern));
    if (other === undefined) return [];
    return [`${file}: [env.${env}] routes: found "${pattern}", a route of ${label(other.env)}; write routes of its own, or routes = []`];
  });
}

function namespaceProblems(deployment: Deployment, others: readonly Deployment[]): string[] {
  if (deployment.env === undefined) return [];
  return deployment.config.kv_namespaces.flatMap(({ binding, id }) => {
    const other = id === undefined ? undefined : others.find(({ config }) => config.kv_namespaces.some((one) => one.id === id));
    if (other === undefined) return [];
    const fix = "leave id out to have a namespace created, or write the id of its own";
    return [`${at(deployment, "kv_namespaces")} ${binding}: found id = "${id}", a namespace of ${label(other.env)}; ${fix}`];
  });
}
