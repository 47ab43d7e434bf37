// npm run test:fuzz: mutated bytes for every parser of what callers, upstreams and operators send, and for the whole gateway.
import { parseCommand } from "../../cli/command.ts";
import { fuzz } from "./fuzz.ts";
import { TARGETS } from "./targets.ts";

const { values } = parseCommand("test:fuzz", {
  cases: { type: "string", default: "100000" },
  seed: { type: "string", default: "1" },
  target: { type: "string" },
  input: { type: "string" },
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
/** One input alone, as a failure prints it. */
const given = values.input === undefined ? undefined : [Buffer.from(values.input, "base64")];

let failed = 0;
for (const target of TARGETS.filter(({ name }) => names.includes(name))) {
  const result = await (given === undefined ? fuzz(target, cases, seed) : fuzz(target, 1, seed, given));
  const heap = (process.memoryUsage().heapUsed / 1_048_576).toFixed(0);
  console.log(`${target.name}: ${result.cases} cases, slowest ${result.slowestMs.toFixed(1)} ms, heap ${heap} MiB (seed ${seed})`);
  if (result.failure === undefined) continue;
  failed += 1;
  const { number, smallest, input, error } = result.failure;
  console.log(`FAILED  ${target.name}, case ${number}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  console.log(`        smallest: ${JSON.stringify(smallest.toString("latin1")).slice(0, 2_000)}`);
  console.log(`        again:    npm run test:fuzz -- --target ${target.name} --input ${smallest.toString("base64")}`);
  console.log(`        input:    ${input.toString("base64")}`);
}
console.log(`${names.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
