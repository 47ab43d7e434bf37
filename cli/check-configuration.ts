// Reports what is wrong with gateway.config.ts, if anything. A secret that is not here may be set where the gateway is deployed: a note.
import { checkConfiguration } from "./configuration.ts";

const { problems, missingSecrets } = await checkConfiguration({ secrets: "local" });
for (const line of problems) console.error(line);
for (const line of missingSecrets) console.error(`note: ${line}`);
process.exitCode = problems.length === 0 ? 0 : 1;
