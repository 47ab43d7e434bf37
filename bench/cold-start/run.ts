// `npm run bench:cold-start`: what a new isolate costs before its first request, and with it.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCommand } from "../../cli/command.ts";
import { describeEnvironment } from "../figures/environment.ts";
import { median, shuffled } from "../figures/statistics.ts";
import { GATEWAY_OBJECTS, type Subject, subjects, upstream } from "../subjects.ts";
import { type Running, start } from "../workerd.ts";

/** One start: CPU time and time until the socket is open, and the same for the first request. */
interface Start {
  readonly startCpuMs: number;
  readonly startMs: number;
  readonly firstCpuMs: number;
  readonly firstMs: number;
}

const connectCall = subjects["gateway"]!.prepare;
const STARTED: Readonly<Record<string, Subject>> = {
  "a Worker that returns a constant": subjects["bare"]!,
  "the gateway as it is deployed, and its objects": {
    entry: "workers/gateway/index.ts",
    about: "",
    upstreams: ["USERS", "ORDERS", "NOTIFICATIONS"],
    kv: ["CACHE"],
    gatewayObjects: GATEWAY_OBJECTS,
    prepare: connectCall,
  },
  "the gateway's objects alone": { entry: "bench/workers/bare.ts", about: "", gatewayObjects: GATEWAY_OBJECTS, prepare: connectCall },
  "a service without storage": subjects["host-json"]!,
};

const { values } = parseCommand("bench:cold-start", { rounds: { type: "string", default: "15" } });
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1_000) {
  console.error("--rounds: write a whole number from 1 to 1000");
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "tidegate-cold-start-"));
const running = new Set<Running>();
process.on("exit", () => {
  for (const one of running) one.stop();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

const origin = await start(join(folder, "upstream"), upstream, { upstreamPort: 0, cpu: 1 });
running.add(origin);
const starts = new Map(Object.keys(STARTED).map((name) => [name, [] as Start[]]));
for (const [name, subject] of Object.entries(STARTED)) await startOnce(subject, `${name} warm`); // bundles it, and fills the caches of the disk
for (let round = 0; round < rounds; round++) {
  console.error(`round ${round + 1} of ${rounds}`);
  for (const [name, subject] of shuffled(Object.entries(STARTED), Math.random))
    starts.get(name)!.push(await startOnce(subject, `${name} ${round}`));
}
print();
process.exit();

async function startOnce(subject: Subject, name: string): Promise<Start> {
  const begunAt = performance.now();
  const server = await start(join(folder, name.replaceAll(/\W/g, "-")), subject, { upstreamPort: origin.port, cpu: 0, v8Flags: [] });
  running.add(server);
  try {
    const startMs = performance.now() - begunAt;
    const startCpuMs = mainThreadMs(server.pid);
    const sentAt = performance.now();
    const request = await subject.prepare(server.origin);
    const response = await fetch(server.origin + request.path, {
      method: request.method,
      headers: { ...request.headers, "cf-connecting-ip": "198.18.0.1" },
      body: request.body ?? null,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${name}: ${response.status} ${text}`);
    return { startMs, startCpuMs, firstMs: performance.now() - sentAt, firstCpuMs: mainThreadMs(server.pid) - startCpuMs };
  } finally {
    server.stop();
    running.delete(server);
  }
}

/** CPU time of the main thread, which runs the isolates, ms. @see proc(5), /proc/pid/schedstat */
function mainThreadMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
}

function print(): void {
  const { machine, cores, workerd, loadAverage } = describeEnvironment(1, rounds);
  console.log(`${machine}, ${cores} cores, workerd ${workerd}, load average ${loadAverage.toFixed(1)}; ${rounds} starts each, medians\n`);
  console.log("| started | CPU until ready, ms | time until ready, ms | CPU of the first request, ms | first request, ms |");
  console.log("|---|--:|--:|--:|--:|");
  for (const [name, all] of starts) {
    const of = (figure: (one: Start) => number): string => median(all.map(figure)).toFixed(1);
    console.log(
      `| ${name} | ${of((one) => one.startCpuMs)} | ${of((one) => one.startMs)} | ${of((one) => one.firstCpuMs)} | ${of((one) => one.firstMs)} |`,
    );
  }
}
