// `npm run bench:buffers`: whether a tiered pool of buffers would make requests cheaper (requirement S2).
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCommand } from "../../cli/command.ts";
import { describeEnvironment } from "../figures/environment.ts";
import { textOf } from "../figures/report.ts";
import { bootstrap, shuffled } from "../figures/statistics.ts";
import { LoadGenerator } from "../load.ts";
import { type Measured, measure } from "../measure.ts";
import { type Subject, subjects } from "../subjects.ts";
import { type Running, start } from "../workerd.ts";

const SIZES = [1_024, 4_096, 16_384, 65_536]; // bytes of a frame

const { values } = parseCommand("bench:buffers", { rounds: { type: "string", default: "30" } });
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1_000) {
  console.error("--rounds: write a whole number from 1 to 1000");
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "tidegate-buffers-"));
const running: Running[] = [];
process.on("exit", () => {
  for (const one of running) one.stop();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

const load = new LoadGenerator();
const measured: Measured[] = [];
for (const size of SIZES) for (const pooled of ["no", "yes"]) measured.push(await started(size, pooled));
const order = { connections: 16, seconds: 0.5 };
for (const one of measured) await one.slice(load, order); // warm
for (const one of measured) one.reset();
for (let round = 0; round < rounds; round++) {
  console.error(`round ${round + 1} of ${rounds}`);
  for (const one of shuffled(measured, Math.random)) await one.slice(load, order);
}
await load.stop();

const { machine, cores, workerd, loadAverage } = describeEnvironment(order.connections, rounds);
console.log(`${machine}, ${cores} cores, workerd ${workerd}, load average ${loadAverage.toFixed(1)}; ${rounds} rounds`);
for (const size of SIZES) {
  const [fresh, pooled] = ["no", "yes"].map((mode) => measured.find(({ name }) => name === nameOf(size, mode))!.cpuPerSlice);
  console.log(`${size} bytes: with the pool ${textOf(bootstrap(pooled!, fresh!, Math.random))} x the CPU of a request without it`);
}
process.exit();

function nameOf(size: number, pooled: string): string {
  return `${size}-${pooled}`;
}

async function started(size: number, pooled: string): Promise<Measured> {
  const subject: Subject = { ...subjects["bare"]!, entry: "bench/workers/buffers.ts", variables: { SIZE: String(size), POOLED: pooled } };
  const name = nameOf(size, pooled);
  const server = await start(join(folder, name), subject, { upstreamPort: 0, cpu: 0 });
  running.push(server);
  return measure(name, subject, server, join(folder, `${name}-counted`), { upstreamPort: 0 }, undefined);
}
