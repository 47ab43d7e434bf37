// Builds a subject, writes workerd's configuration for it, and runs it: workerd itself, without any development server around it.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import type { Subject } from "./subjects.ts";

const workerd: { readonly default: string } = createRequire(import.meta.url)("workerd"); // where its binary is

export interface Running {
  readonly pid: number;
  readonly port: number;
  readonly origin: string;
  stop(): void;
}

export interface Placement {
  readonly upstreamPort: number;
  readonly cpu: number; // where `taskset` is there
  readonly counted?: boolean; // with bindings that count their calls
  readonly port?: number; // default: one that is free
}

/** Full collections at once, of little: else requests pile up until a pause of 100 to 500 ms. A knob of local workerd only. */
const V8_FLAGS = ["--gc-global", "--max-semi-space-size=1"];
const COMPATIBILITY_DATE = "2026-10-01";
const hasTaskset = availableParallelism() > 1 && spawnSync("taskset", ["-V"]).status === 0;

/**
 * @param folder a new folder of its own: bundle, configuration and the objects' storage
 * @throws Error with what workerd said, where it does not start
 */
export async function start(folder: string, subject: Subject, placement: Placement): Promise<Running> {
  mkdirSync(join(folder, "storage"), { recursive: true });
  const workers: Record<string, Subject> = { main: subject, ...subject.workers };
  if (subject.kv !== undefined) workers["kv"] = { entry: "bench/workers/kv.ts", about: "", prepare: subject.prepare };
  for (const [name, worker] of Object.entries(workers))
    await bundle(worker.entry, join(folder, `${name}.js`), placement.counted === true && name === "main");
  const config = join(folder, "config.capnp");
  writeFileSync(config, configuration(workers, folder, placement.upstreamPort));

  const command = [workerd.default, "serve", config, `--socket-addr=http=127.0.0.1:${placement.port ?? 0}`, "--control-fd=3"];
  const [program, ...args] = (hasTaskset ? ["taskset", "-c", String(placement.cpu), ...command] : command) as [string, ...string[]];
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe", "pipe"] });
  const port = await portOf(child, subject.entry);
  return { pid: child.pid!, port, origin: `http://127.0.0.1:${port}`, stop: () => void child.kill("SIGKILL") };
}

async function bundle(entry: string, outfile: string, counted: boolean): Promise<void> {
  const path = JSON.stringify(resolve(entry));
  const wrapper = `export * from ${path}; import worker from ${path}; import { counting } from "./bench/workers/counting.ts"; export default counting(worker);`;
  await build({
    ...(counted ? { stdin: { contents: wrapper, resolveDir: ".", loader: "ts" } } : { entryPoints: [entry] }),
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2024",
    platform: "neutral",
    external: ["cloudflare:*"],
    logLevel: "error",
  });
}

/** @see workerd.capnp */
function configuration(workers: Readonly<Record<string, Subject>>, folder: string, upstreamPort: number): string {
  const services = [
    ...Object.keys(workers).map((name) => `(name = "${name}", worker = .${constant(name)})`),
    `(name = "upstream", external = (address = "127.0.0.1:${upstreamPort}", http = ()))`,
    `(name = "internet", network = (allow = ["private", "local"]))`, // nothing here calls further than this machine
    `(name = "disk", disk = (path = "${join(folder, "storage")}", writable = true))`,
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = [${V8_FLAGS.map((flag) => `"${flag}"`).join(", ")}],
  services = [${services.join(", ")}],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
${Object.entries(workers)
  .map(([name, worker]) => workerConfiguration(name, worker))
  .join("\n")}`;
}

function workerConfiguration(
  name: string,
  { upstreams = [], kv = [], objects = [], workers = {}, variables = {}, flags = [] }: Subject,
): string {
  const bindings = [
    ...upstreams.map((binding) => `(name = "${binding}", service = "upstream")`),
    ...kv.map((binding) => `(name = "${binding}", kvNamespace = "kv")`),
    ...objects.map(({ binding, className }) => `(name = "${binding}", durableObjectNamespace = "${className}")`),
    ...Object.entries(variables).map(([binding, value]) => `(name = "${binding}", text = ${JSON.stringify(value)})`),
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
