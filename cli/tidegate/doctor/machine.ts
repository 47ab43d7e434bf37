// What `tidegate doctor` examines on this machine: Node, npm, packages, tools, the login of wrangler, and the port of the local gateway.
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { isInstalled } from "../../launch/install.mjs";
import { VERSION } from "../../launch/usage.mjs";
import type { Context } from "../context.ts";
import { type Examination, failed, isAtLeast, ok, skipped, warning } from "./examination.ts";

const NODE = "22.18.0"; // the first that runs TypeScript without a flag
const NPM = "10.0.0";
const PROGRAM_TIMEOUT_MS = 20_000; // wrangler calls the network to find out who is logged in
const CONNECT_TIMEOUT_MS = 2_000;

interface Ended {
  readonly code: number; // -1 where the program could not be started, or took too long
  readonly output: string;
}

export function programOutput(context: Context, program: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: context.root, env: { ...process.env, ...context.env }, timeout: PROGRAM_TIMEOUT_MS };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, output: `${stdout}${stderr}`.trim() });
    });
  });
}

export function nodeVersion(version = process.versions.node): Examination {
  if (isAtLeast(version, NODE)) return ok("node", version);
  return failed(
    "node",
    `${version}, which is older than ${NODE}`,
    "install a newer Node, or the optional packages of the project: npm install",
  );
}

export async function npmVersion(context: Context): Promise<Examination> {
  const { code, output } = await programOutput(context, "npm", ["--version"]);
  if (code !== 0) return failed("npm", "not there", "install npm, which comes with Node");
  return isAtLeast(output, NPM) ? ok("npm", output) : failed("npm", `${output}, which is older than ${NPM}`, "npm install --global npm");
}

/** Whether the installed packages are those of the lock file. */
export function packages({ root }: Context): Examination {
  if (!existsSync(join(root, "package-lock.json")))
    return failed("packages", "no package-lock.json", "npm install, and commit package-lock.json");
  try {
    return isInstalled(root) ? ok("packages", "as in package-lock.json") : failed("packages", "not what package-lock.json lists", "npm ci");
  } catch (error) {
    return failed("packages", `package-lock.json cannot be read: ${error instanceof Error ? error.message : String(error)}`, "npm install");
  }
}

/** The version of this command, and that of the package that the project has. */
export function versions({ root }: Context): Examination {
  const file = join(root, "node_modules/tidegate/package.json");
  if (!existsSync(file)) return ok("tidegate", VERSION);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { readonly version: string };
  if (version === VERSION) return ok("tidegate", VERSION);
  return failed("tidegate", `command ${VERSION}, package of the project ${version}`, "call the command of the project: npx tidegate");
}

export async function tool(context: Context, name: string): Promise<Examination> {
  const { code, output } = await programOutput(context, name, ["--version"]);
  if (code === 0) return ok(name, /\d+\.\d+\.\d+\S*/.exec(output)?.[0] ?? output.split("\n")[0]!);
  return failed(name, "cannot be started", `npm install --save-dev ${name === "buf" ? "@bufbuild/buf" : name}`);
}

/** Only `deploy`, `wrangler secret` and the like need it. */
export async function login(context: Context): Promise<Examination> {
  const { code, output } = await programOutput(context, "wrangler", ["whoami"]);
  if (code === -1) return skipped("login", "wrangler did not respond; it needs the network for this");
  if (code === 0 && !/not authenticated|not logged in/i.test(output)) return ok("login", /\S+@\S+\.\w+/.exec(output)?.[0] ?? "logged in");
  return warning("login", "wrangler is not logged in: nothing can be deployed from here", "wrangler login, or set CLOUDFLARE_API_TOKEN");
}

export async function port(number: number): Promise<Examination> {
  const isTaken = await new Promise<boolean>((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port: number, timeout: CONNECT_TIMEOUT_MS });
    const end = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
  if (!isTaken) return ok("port", `${number} is free`);
  const response = await fetch(`http://127.0.0.1:${number}/healthz`, { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) }).catch(
    () => undefined,
  );
  const isGateway = response?.ok === true && (await response.text().catch(() => "")) === "ok\n";
  if (isGateway) return ok("port", `${number} has a gateway`);
  return warning("port", `${number} is taken by another program`, "end it, or choose another port: tidegate dev --port N");
}
