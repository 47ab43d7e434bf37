// Launches a tool of the project on a machine with Node 20 and npm: installs missing packages of the lock file, then starts the tool with
// the newer Node that is among them.
//   node cli/run.mjs cli/language.ts      a file of the project        node cli/run.mjs vitest run      a command of a package
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { watchAncestors } from "./launch/ancestors.mjs";
import { install, isInstalled } from "./launch/install.mjs";
import { scriptOf, TIDEGATE, usageOf, VERSION, wordsOf } from "./launch/usage.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "node_modules", ".bin");

/** @returns the Node for the tools: the installed one, or the current one where it is new enough */
function node() {
  const own = join(bin, "node");
  if (existsSync(own)) return own;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath;
  console.error(
    `tidegate: Node ${process.versions.node} is too old here. npm brings a newer one on Linux (x64, arm64); on this platform install Node 22.18 or later.`,
  );
  process.exit(1);
}

const [tool, ...args] = process.argv.slice(2);
if (tool === undefined) {
  console.error("usage: node cli/run.mjs FILE.ts|COMMAND [ARG ...]");
  process.exit(2);
}

const script = scriptOf([tool, ...args]);
const usage = script === undefined ? undefined : usageOf(script);
const flags = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
// Texts of commands below another one (`npm run keys -- issue --help`) come from their definitions, which need an installation.
const isNested = tool === TIDEGATE && args[wordsOf(script)]?.startsWith("-") === false;
if (usage !== undefined && !isNested && (flags.includes("--help") || flags.includes("-h"))) {
  process.stdout.write(usage);
  process.exit(0);
}
if (usage !== undefined && flags.includes("--version")) {
  process.stdout.write(`tidegate ${VERSION}\n`);
  process.exit(0);
}

if (!isInstalled(root)) {
  const say = (/** @type {string} */ text) => console.error(`tidegate: ${text}`);
  const code = await install(root, say).catch((error) => {
    say(error.message);
    return 1;
  });
  if (code !== 0) {
    if (code < 128) say("`npm ci` failed (see above). Needed: Node 20 or later, npm 10 or later, and the npm registry.");
    process.exit(code);
  }
}

const isFile = /\.(ts|mjs)$/.test(tool);
const child = spawn(isFile ? node() : join(bin, tool), isFile ? [tool, ...args] : args, {
  cwd: root,
  stdio: "inherit",
  shell: process.platform === "win32",
  env: {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env["PATH"]}`,
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(root, "node_modules", ".cache", "node"), // a fifth less CPU at each start
    WRANGLER_SEND_METRICS: "false",
    TIDEGATE_LAUNCHER: String(process.pid),
  },
});
watchAncestors(() => child.kill("SIGTERM"));
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`tidegate: ${tool} could not be started: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
