// `npm run check`: all that must hold before anything runs. Every check runs, whatever became of the one before.
import { spawnSync } from "node:child_process";
import { parseCommand } from "./command.ts";

const CHECKS: readonly (readonly [name: string, command: string])[] = [
  ["types of the core, without any platform", "tsc -p core"],
  ["types of the Workers", "tsc -p ."],
  ["types of the commands and benchmarks", "tsc -p cli"],
  ["types of what is measured", "tsc -p bench/workers"],
  ["lint and format", "biome check --error-on-warnings ."],
  ["lint of the protos", "buf lint"],
  ["format of the protos", "buf format protos --diff --exit-code"],
  ["generated code is fresh", "node cli/gen.ts --check"],
  ["configuration", "node cli/check-configuration.ts"],
  ["the plan of the house", "vitest run --project node test/house.test.ts"],
];

parseCommand("check", {});
let failed = 0;
for (const [name, command] of CHECKS) {
  const startedAt = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, { shell: true, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok    " : "FAILED"}  ${name}  (${command}, ${seconds} s)`);
  const notes = `${stdout}${stderr}`.match(/^note: .*$/gm) ?? [];
  if (status === 0) for (const note of notes) console.log(`        ${note}`);
  if (status === 0) continue;
  failed += 1;
  console.log(`${stdout}${stderr}${error?.message ?? ""}`.replace(/^/gm, "        "));
}
console.log(`check: ${CHECKS.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
