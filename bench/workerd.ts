// Builds a subject, writes workerd's configuration for it, and runs it: workerd itself, without any development server around it.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { type NetworkBindings, networkSeam, writeNetworkMain } from "../cli/project/network.ts";
import { CLASSES } from "../durable-objects/classes.ts";
import type { ObjectBinding, Subject } from "./subjects.ts";

const workerd: { readonly default: string } = createRequire(import.meta.url)("workerd"); // where its binary is

export interface Running {
  readonly pid: number;
  readonly port: number;
  readonly origin: string;
  readonly inspectorPort: number | undefined; // where it was started `inspected`
  stop(): void;
}

export interface Placement {
  readonly upstreamPort: number;
  readonly cpu: number; // where `taskset` is there
  readonly counted?: boolean; // with bindings that count their calls
  readonly port?: number; // default: one that is free
  readonly binary?: string; // workerd; default: the pinned one
  readonly v8Flags?: readonly string[] | undefined; // default: those that keep measurements even
  readonly network?: NetworkBindings | undefined; // between the Workers and their bindings
  readonly inspected?: boolean; // with the inspector
  readonly readable?: boolean; // with names as in the sources
  readonly onLog?: (line: string) => void; // receives what workerd writes to stderr: warnings and errors of Workers, a line at a time
}

/** Full collections at once, of little: else requests pile up until a pause of 100 to 500 ms. A knob of local workerd only. */
const V8_FLAGS = ["--gc-global", "--max-semi-space-size=1"];
const COMPATIBILITY_DATE = "2026-10-01";
const OBJECTS = "objects"; // name of the Worker with the gateway's Durable Objects
const TAIL = "tail"; // name of the Worker that receives the traces of all others
const GATEWAY_CLASSES: readonly ObjectBinding[] = Object.entries(CLASSES).map(([binding, className]) => ({ binding, className }));
const hasTaskset = availableParallelism() > 1 && spawnSync("taskset", ["-V"]).status === 0;

/**
 * @param folder a new folder of its own: bundle, configuration and the objects' storage
 * @throws Error with what workerd said, where it does not start
 */
export async function start(folder: string, subject: Subject, placement: Placement): Promise<Running> {
  mkdirSync(join(folder, "storage"), { recursive: true });
  const workers: Record<string, Subject> = { main: subject, ...subject.workers };
  if (subject.gatewayObjects !== undefined) {
    workers[OBJECTS] = { entry: subject.gatewayObjects, about: "", objects: GATEWAY_CLASSES, prepare: subject.prepare };
  }
  if (subject.kv !== undefined) workers["kv"] = { entry: "bench/workers/kv.ts", about: "", prepare: subject.prepare };
  if (subject.tail !== undefined)
    workers[TAIL] = {
      entry: subject.tail,
      about: "",
      flags: ["experimental"],
      variables: subject.variables ?? {},
      prepare: subject.prepare,
    };
  for (const [name, worker] of Object.entries(workers)) {
    const counted = placement.counted === true && name === "main";
    const variant = { counted, isBehindNetwork: placement.network !== undefined, readable: placement.readable === true };
    await bundle(worker.entry, join(folder, `${name}.js`), { ...variant, without: worker.without });
  }
  const config = join(folder, "config.capnp");
  writeFileSync(config, configuration(workers, folder, placement));

  const { binary = workerd.default, port: wanted = 0 } = placement;
  const command = [binary, "serve", config, `--socket-addr=http=127.0.0.1:${wanted}`, "--control-fd=3"];
  if (subject.tail !== undefined) command.push("--experimental");
  if (placement.inspected === true) command.push("--inspector-addr=127.0.0.1:0");
  const [program, ...args] = (hasTaskset ? ["taskset", "-c", String(placement.cpu), ...command] : command) as [string, ...string[]];
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe", "pipe"] });
  if (placement.onLog !== undefined) createInterface({ input: child.stderr! }).on("line", placement.onLog);
  const inspector = placement.inspected === true ? inspectorPortOf(child) : undefined;
  const port = await portOf(child, subject.entry);
  const origin = `http://127.0.0.1:${port}`;
  return { pid: child.pid!, port, origin, inspectorPort: await inspector, stop: () => void child.kill("SIGKILL") };
}

/** Bundles of this process: a test that starts many gateways bundles each Worker once. */
const bundles = new Map<string, Promise<string>>();

interface BundleVariant {
  readonly counted: boolean;
  readonly isBehindNetwork: boolean;
  readonly readable: boolean; // not minified
  readonly without: Subject["without"];
}

async function bundle(entry: string, outfile: string, variant: BundleVariant): Promise<void> {
  const key = `${resolve(entry)} ${JSON.stringify(variant)}`;
  const text = bundles.get(key) ?? bundled(entry, variant);
  bundles.set(key, text);
  writeFileSync(outfile, await text);
}

async function bundled(entry: string, { counted, isBehindNetwork, readable, without }: BundleVariant): Promise<string> {
  const path = JSON.stringify(resolve(entry));
  const wrapper = `export * from ${path}; import worker from ${path}; import { counting } from "./bench/workers/counting.ts"; export default counting(worker);`;
  const own: BuildOptions = {
    ...(counted ? { stdin: { contents: wrapper, resolveDir: ".", loader: "ts" as const } } : { entryPoints: [entry] }),
    ...(readable ? { minify: false } : {}),
    ...(without === undefined ? {} : { plugins: [replacing(without)] }),
  };
  if (!isBehindNetwork) return (await built(own)).text;
  const { text, exports } = await built(own);
  const name = `bench-${entry.replace(/\W+/g, "-")}${counted ? "-counted" : ""}`;
  const module = join(".wrangler", `${name}.js`); // bundled already: only `cloudflare:workers` is left to import
  mkdirSync(".wrangler", { recursive: true });
  writeFileSync(module, text);
  return (await built({ entryPoints: [writeNetworkMain(name, module, exports)], plugins: [networkSeam()] })).text;
}

/** Replaces modules, by the end of their path: with another module, or with themselves where some functions return undefined. */
function replacing(modules: NonNullable<Subject["without"]>): Plugin {
  return {
    name: "replacing",
    setup({ onLoad }) {
      onLoad({ filter: /workers.gateway.*\.ts$/ }, ({ path }) => {
        const [, replaced] = Object.entries(modules).find(([end]) => path.endsWith(end)) ?? [];
        if (replaced === undefined) return undefined;
        if (typeof replaced === "string")
          return { contents: readFileSync(replaced, "utf8"), loader: "ts", resolveDir: dirname(resolve(replaced)) };
        const contents = replaced.reduce((source, name) => withoutFunction(source, name, path), readFileSync(path, "utf8"));
        return { contents, loader: "ts", resolveDir: dirname(path) };
      });
    },
  };
}

function withoutFunction(source: string, name: string, path: string): string {
  const declaration = `export function ${name}(`;
  if (!source.includes(declaration)) throw new Error(`${path} exports no function ${name}`);
  return source.replace(declaration, `export function ${name}() { return undefined; }\nfunction ${name}Before(`);
}

async function built(options: BuildOptions): Promise<{ readonly text: string; readonly exports: readonly string[] }> {
  const { outputFiles, metafile } = await build({
    bundle: true,
    minify: true,
    ...options,
    format: "esm",
    target: "es2024",
    platform: "neutral",
    external: ["cloudflare:*", "node:*"],
    define: { process: "undefined" }, // the same in wrangler.toml
    logLevel: "error",
    metafile: true,
    outfile: "worker.js",
    write: false,
  });
  return { text: outputFiles[0]!.text, exports: Object.values(metafile.outputs)[0]!.exports };
}

/** @see workerd.capnp */
function configuration(
  workers: Readonly<Record<string, Subject>>,
  folder: string,
  { upstreamPort, v8Flags = V8_FLAGS, network }: Placement,
): string {
  const services = [
    ...Object.keys(workers).map((name) => `(name = "${name}", worker = .${constant(name)})`),
    `(name = "upstream", external = (address = "127.0.0.1:${upstreamPort}", http = ()))`,
    `(name = "internet", network = (allow = ["private", "local"]))`, // nothing here calls further than this machine
    `(name = "disk", disk = (path = "${join(folder, "storage")}", writable = true))`,
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = [${v8Flags.map((flag) => `"${flag}"`).join(", ")}],
  services = [${services.join(", ")}],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
${Object.entries(workers)
  .map(([name, worker]) =>
    workerConfiguration(
      name,
      { ...worker, variables: { UPSTREAM_PORT: String(upstreamPort), ...worker.variables, ...network } },
      name !== TAIL && TAIL in workers,
    ),
  )
  .join("\n")}`;
}

function workerConfiguration(
  name: string,
  { upstreams = [], kv = [], objects = [], gatewayObjects, workers = {}, variables = {}, flags = [] }: Subject,
  isTailed: boolean,
): string {
  const bindings = [
    ...upstreams.map((binding) => `(name = "${binding}", service = "upstream")`),
    ...kv.map((binding) => `(name = "${binding}", kvNamespace = "kv")`),
    ...objects.map(({ binding, className }) => `(name = "${binding}", durableObjectNamespace = "${className}")`),
    ...Object.entries({ TIDEGATE_LOCAL: "true", ...variables }).map(
      ([binding, value]) => `(name = "${binding}", text = ${JSON.stringify(value)})`,
    ),
    ...(gatewayObjects === undefined ? [] : GATEWAY_CLASSES).map(
      ({ binding, className }) =>
        `(name = "${binding}", durableObjectNamespace = (className = "${className}", serviceName = "${OBJECTS}"))`,
    ),
    ...Object.keys(workers).map((binding) => `(name = "${binding}", service = "${binding}")`),
  ];
  const classes = objects.map(({ className }) => `(className = "${className}", uniqueKey = "bench-${className}", enableSql = true)`);
  return `const ${constant(name)} :Workerd.Worker = (
  modules = [(name = "${name}.js", esModule = embed "${name}.js")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  compatibilityFlags = [${flags.map((flag) => `"${flag}"`).join(", ")}],
  bindings = [${bindings.join(", ")}],
  durableObjectNamespaces = [${classes.join(", ")}],
  durableObjectStorage = (localDisk = "disk"),
  streamingTails = [${isTailed ? `"${TAIL}"` : ""}],
);`;
}

function constant(name: string): string {
  return `worker${name.replace(/[^A-Za-z]/g, "")}`;
}

/** @returns the port of the socket named `http`, as workerd tells it on file descriptor 3 (`--control-fd=3`) */
export function portOf(child: ChildProcess, entry: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-10_000);
    });
    let events = "";
    child.stdio[3]?.on("data", (chunk: Buffer) => {
      events += chunk.toString();
      const port = /"socket":"http","port":(\d+)/.exec(events)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
    child.on("error", (error) => reject(new Error(`workerd could not be started: ${error.message}`)));
    child.on("exit", (code) => reject(new Error(`${entry}: workerd ended with ${code}\n${said}`)));
  });
}

/** @returns the port of the inspector, on the same file descriptor */
function inspectorPortOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    let events = "";
    child.stdio[3]?.on("data", (chunk: Buffer) => {
      events += chunk.toString();
      const port = /"listen-inspector","port":(\d+)/.exec(events)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}
