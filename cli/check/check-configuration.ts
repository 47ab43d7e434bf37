// Reports the problems of gateway.config.ts and of the Workers of the project. A missing secret is a note: the account may
// have it. So is a URL that only a local gateway can call: `npm run deploy` refuses it.
import { parseArgs } from "node:util";
import { buildConsole } from "../console/build-console.ts";
import { environmentOf } from "../project/environment.ts";
import { inOrder } from "./finding.ts";
import { findProblems } from "./project.ts";
import { exitCodeOf, jsonOf, textOf } from "./report.ts";

const { values } = parseArgs({
  options: {
    config: { type: "string" },
    env: { type: "string", short: "e" },
    json: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
    online: { type: "boolean", default: false },
  },
});
await buildConsole();
const findings = inOrder(
  await findProblems({ config: values.config, env: environmentOf(values.env), online: values.online }),
  values.strict,
);
if (values.json) process.stdout.write(jsonOf(findings));
else process.stderr.write(textOf(findings));
process.exitCode = exitCodeOf(findings);
