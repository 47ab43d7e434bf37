// Problems between the Workers of the project: bindings to missing Workers, services without a binding, missing classes and migrations.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { suggest } from "../../core/config/problems.ts";
import { CLASSES, OBJECTS_WORKER } from "../../durable-objects/classes.ts";
import { isOwn } from "../own-files.ts";
import type { WorkerConfig } from "./bindings.ts";
import { BundleError, bundle } from "./bundle.ts";
import { CONFIG_FILE } from "./configuration.ts";
import { allWorkers, OBJECTS_FILE, type ProjectWorker, type ProjectWorkers, SERVICES_FOLDER, serviceFiles } from "./workers.ts";

/** Bindings to Workers that are not in the project: `npm start` cannot run them, and a deploy fails without them. */
export function unboundProblems(project: ProjectWorkers): string[] {
  const workers = gatewayFirst(project);
  const names = workers.map(({ name }) => name);
  const fix = (name: string): string => {
    const near = suggest(name, names);
    const folder = folderWithoutFile(name);
    const create = `${folder === undefined ? "create" : "the folder is there: create"} ${join(SERVICES_FOLDER, folder ?? "<name>", "wrangler.toml")} with name = "${name}"`;
    const elsewhere = "write remote = true where the Worker runs elsewhere";
    return near.startsWith('"') && folder === undefined ? `write ${near}, or ${create}; ${elsewhere}` : `${create}; ${elsewhere}`;
  };
  return workers.flatMap(({ file, config }) => [
    ...(config.services ?? [])
      .filter(({ service, remote }) => !names.includes(service) && remote !== true)
      .map(
        ({ binding, service }) =>
          `${file}: [[services]] ${binding}: found service = "${service}", which no wrangler.toml of the project has; ${fix(service)}`,
      ),
    ...config.durable_objects.bindings
      .filter(({ script_name }) => script_name !== undefined && !names.includes(script_name))
      .map(
        ({ name, script_name }) =>
          `${file}: [[durable_objects.bindings]] ${name}: found script_name = "${script_name}", which no wrangler.toml of the project has; write ${suggest(script_name!, names)}`,
      ),
    ...config.durable_objects.bindings.flatMap(({ name, class_name, script_name }) => {
      const other = workers.find((worker) => worker.name === script_name);
      if (other === undefined || declaredClasses(other.config).has(class_name)) return [];
      return [
        `${file}: [[durable_objects.bindings]] ${name}: found class_name = "${class_name}", which ${other.file} does not declare; ${declare(other, class_name)}, or write ${suggest(class_name, [...declaredClasses(other.config)])}`,
      ];
    }),
  ]);
}

/** The gateway first: its problems are the ones that operators look for. */
function gatewayFirst(project: ProjectWorkers): ProjectWorker[] {
  const all = allWorkers(project);
  return [...all.filter((one) => one === project.gateway), ...all.filter((one) => one !== project.gateway)];
}

/** @returns a folder of workers/services with the name of the script and without a wrangler.toml */
function folderWithoutFile(script: string): string | undefined {
  if (!existsSync(SERVICES_FOLDER)) return undefined;
  const withFile = new Set(serviceFiles().map((file) => basename(join(file, ".."))));
  const folders = readdirSync(SERVICES_FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !withFile.has(entry.name));
  return folders.map(({ name }) => name).find((name) => script === name || script.endsWith(`-${name}`) || script.startsWith(`${name}-`));
}

/** Services of a team that no binding names, and that have no route or trigger. The example services may be unreachable. */
export function unreachableProblems(project: ProjectWorkers): string[] {
  const bound = new Set(allWorkers(project).flatMap(({ config }) => (config.services ?? []).map(({ service }) => service)));
  return project.services
    .filter(({ name, file, config }) => !bound.has(name) && !isReachable(config) && !isOwn(file.replaceAll("\\", "/")))
    .map(({ file, name }) => {
      const binding = name.replace(/^.*?-/, "").replaceAll("-", "_").toUpperCase();
      return `${file}: found "${name}", which no Worker is bound to; add to wrangler.toml: [[services]] binding = "${binding}", service = "${name}"`;
    });
}

function isReachable({ workers_dev, routes, route, triggers, queues }: ProjectWorker["config"]): boolean {
  return (
    workers_dev === true ||
    (routes ?? []).length > 0 ||
    route !== undefined ||
    (triggers.crons ?? []).length > 0 ||
    (queues.consumers ?? []).length > 0
  );
}

/** Durable Object classes that a Worker does not export, or does not declare: by `exports`, or by `[[migrations]]`. */
export function classProblems(worker: ProjectWorker, exported: readonly string[]): string[] {
  const { file, config } = worker;
  const main = relative(process.cwd(), config.main!);
  const declared = declaredClasses(config);
  const bound = config.durable_objects.bindings.filter(({ script_name }) => script_name === undefined);
  const unexported = (at: string, name: string): string => {
    if (file !== OBJECTS_FILE && MOVED.has(name)) {
      const script = `write script_name = "${OBJECTS_WORKER}" and a class_name of ${OBJECTS_FILE}`;
      return `${at}: found class_name = "${name}", a class of the Worker of the Durable Objects; ${script} (docs/run-and-deploy.md, Upgrade)`;
    }
    const others = exported.filter((one) => one !== "default");
    return `${at}: found "${name}", which ${main} does not export; export class ${name} there, or write ${suggest(name, others)}`;
  };
  return [
    ...bound.flatMap(({ name, class_name }) => {
      const at = `${file}: [[durable_objects.bindings]] ${name}`;
      const isMoved = file !== OBJECTS_FILE && MOVED.has(class_name);
      return [
        ...(exported.includes(class_name) ? [] : [unexported(at, class_name)]),
        ...(declared.has(class_name) || isMoved
          ? []
          : [`${at}: found no declaration of class "${class_name}"; ${declare(worker, class_name)}`]),
      ];
    }),
    ...[...declared]
      .filter((name) => !exported.includes(name) && !bound.some(({ class_name }) => class_name === name))
      .map((name) => unexported(`${file}: class "${name}"`, name)),
  ];
}

/** Classes of the Worker of the Durable Objects, by their names of this version and of 0.1, where the gateway's script had them. */
const MOVED: ReadonlySet<string> = new Set([...Object.values(CLASSES), "TokenBucket"]);

/** @returns the classes that have data after a deploy: live entries of `exports`, and what the migrations leave */
function declaredClasses({ migrations, exports = {} }: WorkerConfig): Set<string> {
  const classes = new Set<string>();
  for (const step of migrations) {
    const { new_classes = [], new_sqlite_classes = [], deleted_classes = [], renamed_classes = [], transferred_classes = [] } = step;
    for (const name of [...deleted_classes, ...renamed_classes.map(({ from }) => from)]) classes.delete(name);
    for (const { to } of [...renamed_classes, ...transferred_classes]) classes.add(to);
    for (const name of [...new_classes, ...new_sqlite_classes]) classes.add(name);
  }
  for (const [name, { type, state = "created" }] of Object.entries(exports))
    if (type === "durable-object" && (state === "created" || state === "expecting-transfer")) classes.add(name);
  return classes;
}

/** What to add to a wrangler.toml, in the way that it declares its other classes. */
function declare({ config: { migrations } }: ProjectWorker, name: string): string {
  return migrations.length > 0
    ? `add [[migrations]] with tag = "v${migrations.length + 1}" and new_sqlite_classes = ["${name}"]`
    : `add [exports.${name}] with type = "durable-object" and storage = "sqlite"`;
}

/** Services in the protos of a team that the catalog does not have: they cannot be configured. The example services may be missing. */
export function catalogProblems(catalog: readonly string[]): string[] {
  const theirs = protoFiles("protos").filter((file) => !isOwn(file.replaceAll("\\", "/")));
  return theirs.flatMap((file) => {
    const text = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    const package_ = /^\s*package\s+([\w.]+)\s*;/m.exec(text)?.[1];
    return [...text.matchAll(/^\s*service\s+(\w+)\s*\{/gm)]
      .map(([, name]) => ({ name: name!, typeName: package_ === undefined ? name! : `${package_}.${name}` }))
      .filter(({ typeName }) => !catalog.includes(typeName))
      .map(({ name, typeName }) => {
        const generated = relative("protos", file)
          .replace(/\.proto$/, "_pb.ts")
          .replaceAll("\\", "/");
        return `${file}: found service ${typeName}, which workers/services/catalog.ts does not have; add ${name}, imported from "../../protos/gen/${generated}" (npm run gen writes it)`;
      });
  });
}

/** The protos of the project, without those of third parties and of the gateway's own services. */
function protoFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".proto") && !/^(third_party|tidegate|gen)\//.test(name))
    .map((name) => `${folder}/${name}`)
    .sort();
}

/** The names that the main module of a Worker exports. @throws BundleError */
export type ReadExports = (worker: ProjectWorker, gatewayConfig: string) => Promise<readonly string[]>;

const bundledExports: ReadExports = async ({ config: { main, alias, define, tsconfig } }, gatewayConfig) =>
  (await bundle({ entry: main!, runtime: "workerd", gatewayConfig, alias, define, tsconfig })).exports;

/** All of these problems. @param readExports default: bundles each Worker */
export async function workerProblems(
  workers: ProjectWorkers,
  catalog: readonly string[] | undefined,
  gatewayConfig: string = CONFIG_FILE,
  readExports: ReadExports = bundledExports,
): Promise<string[]> {
  const all = gatewayFirst(workers);
  const classes = await Promise.all(
    all.map(async (worker) => {
      try {
        return classProblems(worker, await readExports(worker, gatewayConfig));
      } catch (error) {
        if (error instanceof BundleError) return error.problems;
        throw error;
      }
    }),
  );
  const lines = [
    ...workers.problems,
    ...unboundProblems(workers),
    ...unreachableProblems(workers),
    ...classes.flat(),
    ...(catalog === undefined ? [] : catalogProblems(catalog)),
  ];
  return [...new Set(lines)];
}
