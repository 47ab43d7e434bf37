// npm run test:clients: client libraries as people use them, through `npm start` and through plain workerd.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseCommand } from "../../cli/command.ts";
import { bufCurl } from "./buf-curl.ts";
import { Checks } from "./checks.ts";

const PARTS = ["connect-node", "duplex", "buf", "connect-go", "browser", "openapi-ts", "openapi-python"] as const;
const { values } = parseCommand("test:clients", { only: { type: "string" }, verbose: { type: "boolean", default: false } });
const chosen: readonly string[] = values.only?.split(",") ?? PARTS;
const unknown = chosen.find((part) => !(PARTS as readonly string[]).includes(part));
if (unknown !== undefined) {
  console.error(`--only ${unknown}: there is no such part; write some of ${PARTS.join(",")}`);
  process.exit(2);
}
installClients();

// Imported when their packages are there.
const { startFronts } = await import("./fronts.ts");
const { connectNode } = await import("./connect-node.ts");
const { duplex } = await import("./duplex-checks.ts");
const { connectGo } = await import("./go.ts");
const { browser } = await import("./browser.ts");
const { openapiTypescript } = await import("./openapi-typescript.ts");
const { openapiPython } = await import("./openapi-python.ts");

const checks = new Checks(values.verbose);
const running = await startFronts();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void running.stop().then(() => process.exit(1)));
try {
  for (const front of running.fronts) {
    if (chosen.includes("connect-node")) await connectNode(checks, front);
    if (chosen.includes("duplex")) await duplex(checks, front);
    if (chosen.includes("buf")) await bufCurl(checks, front);
  }
  if (chosen.includes("connect-go")) await connectGo(checks, running.fronts);
  if (chosen.includes("browser")) await browser(checks, running);
  if (chosen.includes("openapi-ts")) await openapiTypescript(checks, running.fronts);
  if (chosen.includes("openapi-python")) await openapiPython(checks, running.fronts);
} finally {
  await running.stop();
}
console.log(`${checks.passed} passed, ${checks.failed} failed`);
process.exit(checks.failed === 0 ? 0 : 1);

/** The packages of clients are no packages of the project: they are installed here, where this test is run. */
function installClients(): void {
  const wanted = readFileSync(join(import.meta.dirname, "package-lock.json"), "utf8");
  const stamp = join(import.meta.dirname, "node_modules", ".installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.log("installing the clients of test/clients/package-lock.json (once) ...");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: import.meta.dirname, stdio: "inherit" });
  if (npm.status !== 0) process.exit(1);
  writeFileSync(stamp, wanted);
}
