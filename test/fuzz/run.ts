// npm run test:fuzz: mutated bytes for every parser of what callers, upstreams and operators send.
import { parseCommand } from "../../cli/command.ts";
import { fuzz } from "./fuzz.ts";
import { TARGETS } from "./targets.ts";

const { values } = parseCommand("test:fuzz", {
  cases: { type: "string", default: "100000" },
  seed: { type: "string", default: "1" },
  target: { type: "string" },
});
const [cases, seed] = [Number(values.cases), Number(values.seed)];
const names = values.target?.split(",") ?? TARGETS.map(({ name }) => name);
const unknown = names.filter((name) => !TARGETS.some((target) => target.name === name));
if (unknown.length > 0 || !Number.isInteger(cases) || cases < 1 || !Number.isInteger(seed)) {
  const targets = TARGETS.map(({ name }) => name).join(", ");
  console.error(
    `found --target ${values.target ?? ""} --cases ${values.cases} --seed ${values.seed}; targets are ${targets}, the others whole numbers`,
  );
  process.exit(2);
}

let failed = 0;
for (const target of TARGETS.filter(({ name }) => names.includes(name))) {
  const result = await fuzz(target, cases, seed);
  const heap = (process.memoryUsage().heapUsed / 1_048_576).toFixed(0);
  console.log(`${target.name}: ${result.cases} cases, slowest ${result.slowestMs.toFixed(1)} ms, heap ${heap} MiB (seed ${seed})`);
  if (result.failure === undefined) continue;
  failed += 1;
  const { number, input, error } = result.failure;
  console.log(`FAILED  ${target.name}, case ${number}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  console.log(`        input: ${JSON.stringify(input.toString("latin1")).slice(0, 2_000)}`);
}
console.log(`${names.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
