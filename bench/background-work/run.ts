// `npm run bench:work`: what an item of work after the response costs, sent in batches and one by one; and what a pool and a pipeline cost.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCommand } from "../../cli/command.ts";
import { describeEnvironment } from "../figures/environment.ts";
import { median, shuffled } from "../figures/statistics.ts";
import { LoadGenerator } from "../load.ts";
import { type Measured, measure } from "../measure.ts";
import type { Subject } from "../subjects.ts";
import { type Running, start } from "../workerd.ts";

const MODES: Readonly<Record<string, string>> = {
  none: "no work",
  per_item: "waitUntil, a call for each item",
  batch: "BatchProcessor, with the context",
  batch_without_context: "BatchProcessor, without it",
  pool: "WorkerPool, work that does nothing",
  pipeline: "Pipeline, 100 items that do nothing",
};

const { values } = parseCommand("bench:work", { rounds: { type: "string", default: "10" } });
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1_000) {
  console.error("--rounds: write a whole number from 1 to 1000");
  process.exit(2);
}

let calls = 0;
const server = createServer((request, response) => {
  calls += 1;
  request.resume();
  response.end();
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port: upstreamPort } = server.address() as AddressInfo;
const folder = mkdtempSync(join(tmpdir(), "tidegate-work-"));
const running: Running[] = [];
process.on("exit", () => {
  for (const one of running) one.stop();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

const load = new LoadGenerator();
const order = { connections: 16, seconds: 0.5 };
const measured: Measured[] = [];
for (const mode of Object.keys(MODES)) measured.push(await started(mode));
const callsOf = new Map<string, number>();
for (const one of measured) await one.slice(load, order); // warm
for (const one of measured) one.reset();
for (let round = 0; round < rounds; round++) {
  console.error(`round ${round + 1} of ${rounds}`);
  for (const one of shuffled(measured, Math.random)) {
    calls = 0;
    await one.slice(load, order);
    callsOf.set(one.name, (callsOf.get(one.name) ?? 0) + calls);
  }
}
await load.stop();

const { machine, cores, workerd, loadAverage } = describeEnvironment(order.connections, rounds);
console.log(`${machine}, ${cores} cores, workerd ${workerd}, load average ${loadAverage.toFixed(1)}; ${rounds} rounds`);
const none = median(measured[0]!.cpuPerSlice);
console.log("requests/s  CPU µs/request  more than without work  calls of the sink");
for (const one of measured) {
  const cpu = median(one.cpuPerSlice);
  const rate = one.latenciesMs.reduce((sum, slice) => sum + slice.length, 0) / one.seconds;
  const columns = [rate.toFixed(0), cpu.toFixed(0), (cpu - none).toFixed(0), String(callsOf.get(one.name))];
  console.log(`${columns.map((text, index) => text.padStart([10, 14, 22, 17][index]!)).join("  ")}  ${MODES[one.name]}`);
}
const errors = measured.flatMap((one) => [...one.errors].map(([reason, count]) => `${one.name}: ${count} x ${reason}`));
for (const line of errors) console.error(line);
process.exit(errors.length === 0 ? 0 : 1);

async function started(mode: string): Promise<Measured> {
  const subject: Subject = {
    ...{ entry: "bench/workers/work.ts", about: MODES[mode]!, upstreams: ["SINK"], variables: { MODE: mode } },
    prepare: () => ({ method: "GET", path: "/", headers: {} }),
  };
  const worker = await start(join(folder, mode), subject, { upstreamPort, cpu: 0 });
  running.push(worker);
  return measure(mode, subject, worker, join(folder, `${mode}-counted`), { upstreamPort }, undefined);
}
