// `npm run bench:requirements`: requirements E1 to E4 and E6, with the same network between every subject and its bindings.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCommand } from "../../cli/command.ts";
import { type NetworkBindings, networkBindings } from "../../cli/project/network.ts";
import { describeEnvironment } from "../figures/environment.ts";
import { shuffled } from "../figures/statistics.ts";
import { LoadGenerator } from "../load.ts";
import { type Figures, type Measured, measure, summarise } from "../measure.ts";
import { type Subject, subjects, upstream } from "../subjects.ts";
import { type Running, start } from "../workerd.ts";
import { BEHIND_NETWORK, COST, type Comparison, EQUAL_LOAD, type Line, linesOf } from "./lines.ts";

const HOST: Subject = subjects["host-json"]!;
const MEASURED: Readonly<Record<string, Subject>> = {
  naive: subjects["naive"]!,
  gateway: subjects["gateway"]!,
  "host-json": HOST,
  "naive-and-host": { ...subjects["naive"]!, upstreams: [], workers: { UPSTREAM: HOST } },
  "gateway-and-host": { ...subjects["gateway"]!, upstreams: ["ORDERS", "NOTIFICATIONS"], workers: { USERS: HOST } },
  "gateway-cached": subjects["gateway-cached"]!,
  "gateway-refused": subjects["gateway-refused"]!,
};

const { values } = parseCommand("bench:requirements", {
  seconds: { type: "string", default: "10" },
  connections: { type: "string", default: "16" },
  "object-ms": { type: "string", default: "10" },
  "kv-ms": { type: "string", default: "3" },
  check: { type: "boolean", default: false },
});
const seconds = whole("seconds", values.seconds, 1, 3_600);
const connections = whole("connections", values.connections, 1, 1_024);
const objectMs = whole("object-ms", values["object-ms"], 0, 10_000);
const kvMs = whole("kv-ms", values["kv-ms"], 0, 10_000);

/** In memory where the system has such a folder: the round trip to an object is the one that is set, without the disk of this machine. */
const MEMORY = "/dev/shm";
const folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "tidegate-requirements-"));
const running: Running[] = [];
process.on("exit", () => {
  stop();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

const network = networkBindings(`local,objects=${objectMs},kv=${kvMs}`, undefined)!;
const load = new LoadGenerator();
const failures: string[] = [];
const far = await started(BEHIND_NETWORK, network);
const closed = await rounds(far, undefined);
const rate = Math.max(1, Math.floor(closed["naive"]!.requestsPerSecond * 0.9));
const equal = await rounds(of(far, EQUAL_LOAD), rate);
stop();
const cost = await rounds(await started(COST, undefined), undefined);
await load.stop();
print([...linesOf(BEHIND_NETWORK, closed), ...linesOf(EQUAL_LOAD, equal), ...linesOf(COST, cost)]);
process.exit();

function stop(): void {
  for (const one of running.splice(0)) one.stop();
}

function of<T extends { readonly name: string }>(all: readonly T[], comparisons: readonly Comparison[]): T[] {
  return all.filter(({ name }) => comparisons.some(({ subject, base }) => name === subject || name === base));
}

/** Starts the subjects of these comparisons. What a request costs is counted where there is no network. */
async function started(comparisons: readonly Comparison[], between: NetworkBindings | undefined): Promise<Measured[]> {
  const parts = join(folder, between === undefined ? "near" : "far");
  mkdirSync(parts);
  const origin = await start(join(parts, "upstream"), upstream, { upstreamPort: 0, cpu: 1 });
  running.push(origin);
  const measured: Measured[] = [];
  const named = Object.entries(MEASURED).map(([name, subject]) => ({ name, subject }));
  for (const { name, subject } of of(named, comparisons)) {
    console.error(`starting ${name} ...`);
    const placement = { upstreamPort: origin.port, network: between };
    const server = await start(join(parts, name), subject, { ...placement, cpu: 0 });
    running.push(server);
    const counting = between === undefined ? load : undefined;
    measured.push(await measure(name, subject, server, join(parts, `${name}-counted`), placement, counting));
  }
  return measured;
}

/** @param rate requests per second that each subject receives; undefined: as many as it serves */
async function rounds(measured: readonly Measured[], rate: number | undefined): Promise<Readonly<Record<string, Figures>>> {
  const order = { connections, seconds: 1, rate };
  for (const one of measured) await one.slice(load, order); // warm
  for (const one of measured) one.reset();
  for (let round = 0; round < seconds; round++) {
    console.error(`round ${round + 1} of ${seconds}${rate === undefined ? "" : `, ${rate} requests/s`}`);
    for (const one of shuffled(measured, Math.random)) await one.slice(load, order);
  }
  for (const { name, errors } of measured) for (const [reason, count] of errors) failures.push(`${name}: ${count} x ${reason}`);
  return Object.fromEntries(measured.map((one) => [one.name, summarise(one)]));
}

function print(lines: readonly Line[]): void {
  const { machine, cores, loadAverage } = describeEnvironment(connections, seconds);
  console.log(`${machine}, ${cores} cores, load average ${loadAverage.toFixed(1)}; ${connections} connections, ${seconds} s a subject;`);
  console.log(`round trip ${objectMs} ms to Durable Objects, ${kvMs} ms to KV; equal load: ${rate} requests/s\n`);
  for (const { text } of lines) console.log(text);
  for (const failure of failures) console.error(failure);
  const isWhole = failures.length === 0;
  console.log(`\n${lines.filter(({ isMet }) => isMet).length} of ${lines.length} lines met${isWhole ? "" : "; requests failed"}`);
  const isMissed = values.check && lines.some(({ isMet }) => !isMet);
  process.exitCode = isWhole ? Number(isMissed) : 3;
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text !== "" && Number.isInteger(value) && value >= min && value <= max) return value;
  console.error(`--${name}: write a whole number from ${min} to ${max}`);
  process.exit(2);
}
