// Says what is wrong with gateway.config.ts, if anything.
import { problemsOfConfiguration } from "./configuration.ts";

const problems = await problemsOfConfiguration();
for (const line of problems) console.error(line);
process.exitCode = problems.length === 0 ? 0 : 1;
