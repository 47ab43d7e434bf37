// npm run test:clients: client libraries as people use them, through `npm start` and through plain workerd.
import { parseCommand } from "../../cli/command.ts";
import { installPackages } from "../package/install-packages.ts";
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
installPackages(import.meta.dirname, "the clients of test/clients/package-lock.json");

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
