// npm run test:faults: faults of callers, upstreams and the platform against the running gateway, then a soak.
import { spawnSync } from "node:child_process";
import { parseCommand } from "../../cli/command.ts";
import { soak } from "./soak/soak.ts";

const { values, positionals } = parseCommand(
  "test:faults",
  { minutes: { type: "string" }, seed: { type: "string", default: "1" } },
  { allowPositionals: true },
);
const [minutes, seed] = [Number(values.minutes ?? "1"), Number(values.seed)];
if (!(minutes > 0 && minutes <= 600) || !Number.isSafeInteger(seed)) {
  console.error(`--minutes ${values.minutes} --seed ${values.seed}: write a number from 0.1 to 600, and a whole number`);
  process.exit(2);
}

let failed = 0;
if (values.minutes === undefined) {
  const vitest = ["cli/run.mjs", "vitest", "run", "--config", "test/faults/vitest.config.ts", ...positionals];
  if (spawnSync(process.execPath, vitest, { stdio: "inherit" }).status !== 0) failed += 1;
}
if (positionals.length === 0) {
  const { summary, problems } = await soak(minutes, seed);
  console.log(summary);
  for (const problem of problems.slice(0, 20)) console.log(`FAILED  ${problem}`);
  console.log(`${problems.length === 0 ? 1 : 0} passed, ${problems.length} failed`);
  if (problems.length > 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
