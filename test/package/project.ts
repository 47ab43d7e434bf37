// A project in an empty folder, and its commands as its team has them: Node 20 and npm, nothing of this repository.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { delimiter, join, resolve } from "node:path";

const OLDEST = "20";
const COMMAND_TIMEOUT_MS = 600_000;
const START_TIMEOUT_MS = 180_000;

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** The environment of the team: no settings of the npm that started this test, and Node 20 first in the path. */
export function teamEnvironment(folder: string): NodeJS.ProcessEnv {
  const own = resolve("node_modules", ".bin");
  const path = process.env["PATH"]!.split(delimiter).filter((one) => one !== own && !one.includes("node_modules"));
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_registry)|TIDEGATE_|INIT_CWD|NODE_OPTIONS|VITEST)/i.test(name),
  );
  const env = { ...Object.fromEntries(kept), PATH: path.join(delimiter), CI: "1" };
  const version = spawnSync("node", ["-v"], { env, encoding: "utf8" }).stdout.trim();
  if (version.startsWith(`v${OLDEST}.`)) return env;
  return { ...env, PATH: [oldestNode(folder, env), ...path].join(delimiter) };
}

/** Installs the oldest Node that the package names, where the machine has another one. @returns the folder of its programs */
function oldestNode(folder: string, env: NodeJS.ProcessEnv): string {
  const tools = join(folder, "node");
  mkdirSync(tools, { recursive: true });
  const name = `node-linux-${process.arch}`;
  const { status, stderr } = spawnSync("npm", ["install", "--no-save", "--prefix", tools, `${name}@20.20.2`], { env, encoding: "utf8" });
  if (status === 0) return join(tools, "node_modules", name, "bin");
  throw new Error(`Node ${OLDEST} is needed; ${name} could not be installed: ${stderr}`);
}

export class Project {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;

  constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.env = env;
  }

  /** Runs a command line, and waits for its end. The process and what it started have ended then. */
  run(line: string, variables: NodeJS.ProcessEnv = {}): Promise<Ran> {
    return new Promise((done) => {
      const child = this.#spawn(line, variables);
      let output = "";
      child.stdout!.on("data", (chunk: Buffer) => (output += chunk.toString()));
      child.stderr!.on("data", (chunk: Buffer) => (output += chunk.toString()));
      const timer = setTimeout(() => kill(child), COMMAND_TIMEOUT_MS);
      child.on("close", (code) => {
        clearTimeout(timer);
        kill(child);
        done({ code, output });
      });
    });
  }

  /** The same, for a command that has to succeed. @throws Error with its output */
  async succeed(line: string, variables?: NodeJS.ProcessEnv): Promise<string> {
    const { code, output } = await this.run(line, variables);
    if (code === 0) return output;
    throw new Error(`${line} ended with ${code}:\n${output.slice(-4_000)}`);
  }

  /** `npm start`, for as long as `use` runs. */
  async started(use: (url: string) => Promise<void>, variables: NodeJS.ProcessEnv = {}): Promise<void> {
    const child = this.#spawn(`npm start -- --port ${await freePort()}`, variables);
    let output = "";
    const ended = new Promise<void>((done) => child.once("close", () => done()));
    try {
      const url = await new Promise<string>((running, failed) => {
        const timer = setTimeout(() => failed(new Error(`npm start does not run:\n${output}`)), START_TIMEOUT_MS);
        const read = (chunk: Buffer): void => {
          output += chunk.toString();
          const found = /Tidegate is running at (http:\S+)/.exec(output)?.[1];
          if (found === undefined) return;
          clearTimeout(timer);
          running(found);
        };
        child.stdout!.on("data", read);
        child.stderr!.on("data", read);
        child.once("close", (code) => failed(new Error(`npm start ended with ${code}:\n${output}`)));
      });
      await use(url).catch((error: Error) => {
        throw new Error(`${error.message}\nnpm start printed:\n${output.slice(-3_000)}`);
      });
    } finally {
      process.kill(-child.pid!, "SIGTERM");
      await ended;
      kill(child);
    }
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  has(path: string): boolean {
    return existsSync(join(this.folder, path));
  }

  #spawn(line: string, variables: NodeJS.ProcessEnv): ChildProcess {
    const env = { ...this.env, ...variables };
    return spawn("bash", ["-c", line], { cwd: this.folder, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  }
}

function kill({ pid }: ChildProcess): void {
  try {
    process.kill(-pid!, "SIGKILL");
  } catch {} // the group has ended
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}
