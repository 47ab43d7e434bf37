// `npm start` in a copy of the project, and shell commands against it, as a reader would run them.
import { type ChildProcess, spawn } from "node:child_process";
import { type AddressInfo, createServer } from "node:net";
import type { ProjectCopy } from "../cli/project-copy.ts";

/** Secrets that the examples name, as `.dev.vars` has them. */
export const SECRETS = {
  CACHE_TOKEN: "a-token-of-the-examples",
  REGISTRY_TOKEN: "a-token-of-the-examples",
  OPERATOR_TOKEN: "a-token-of-the-examples",
  ADMIN_SECRET: "a-secret-of-the-examples-for-admins",
  OTLP_AUTHORIZATION: "Bearer a-secret-of-the-examples-for-a-collector",
  METRICS_TOKEN: "a-secret-of-the-examples-for-scrapers",
  ADMIN_TOKEN: "a-secret-of-the-examples-for-admins", // what commands send
  KEY_TAG_SECRET_1: "a-secret-of-the-examples-for-tags-of-keys",
  BILLING_KEY: Buffer.alloc(32, "a key of the examples").toString("base64"),
};
export const DEV_VARS = Object.entries(SECRETS)
  .map(([name, value]) => `${name}="${value}"\n`)
  .join("");

export interface RunningGateway {
  readonly url: string;
  readonly output: () => string;
  stop(): Promise<void>;
}

/** @throws Error with all that it printed, where it does not start */
export async function npmStart(copy: ProjectCopy, ...args: string[]): Promise<RunningGateway> {
  const state = `.wrangler/state-${await freePort()}`;
  const port = String(await freePort());
  const child = spawn("npm", ["start", "--", "--port", port, "--persist-to", state, ...args], {
    cwd: copy.folder,
    env: copy.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const running = new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const url = /Tidegate is running at (http:\S+)/.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("close", (code) => reject(new Error(`npm start ended with ${code}:\n${output}`)));
  });
  const url = await running;
  return { url, output: () => output, stop: () => stop(child, ended) };
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  signal(child, "SIGTERM");
  const timer = setTimeout(() => signal(child, "SIGKILL"), 30_000);
  await ended;
  clearTimeout(timer);
  signal(child, "SIGKILL"); // what npm has left
}

function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  try {
    process.kill(-pid!, name);
  } catch {} // the group has ended
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly output: string; // both streams
}

/** Runs a line of the documents in the copy, in bash. The process and what it started have ended afterwards. */
export function shell(copy: ProjectCopy, line: string, gateway?: RunningGateway): Promise<Ran> {
  const command =
    gateway === undefined
      ? line
      : line.replaceAll(/https:\/\/gateway\.example|http:\/\/localhost:8787|(?<!\/\/)localhost:8787/g, gateway.url);
  return new Promise((resolve) => {
    const child = spawn("bash", ["-c", command], {
      cwd: copy.folder,
      env: { ...copy.env, ...SECRETS, CI: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let [stdout, output] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      output += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on("close", (code) => {
      signal(child, "SIGKILL");
      resolve({ code, stdout, output });
    });
  });
}

/** Ids and times differ from run to run; everything else has to be as printed. */
export function settled(text: string): string {
  return text
    .replaceAll(/\b(usr|ord)_[0-9a-z]{26}/g, "$1_ID")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replaceAll(/r=\d+;t=\d+/g, "STATE")
    .trim();
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
