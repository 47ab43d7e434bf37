// `npm run bench:profile`: where the time of a subject goes, and what it allocates, by function. Names are those of the sources.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCommand } from "../cli/command.ts";
import { type Allocations, type CpuProfile, Inspector } from "./figures/inspector.ts";
import { areaOf, countBy, functionOf, parseSamples } from "./figures/native-samples.ts";
import { LoadGenerator, type Slice } from "./load.ts";
import { subjects, upstream } from "./subjects.ts";
import { start } from "./workerd.ts";

const WARM_SECONDS = 3;
const ROWS = 45;
const NATIVE_HZ = 2_000; // samples per second of a busy processor
const IDLE = new Set(["(idle)", "(program)", "(root)"]);

/** @returns self time of each function, as shares of the time in which the isolate ran code, the largest first */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): [name: string, share: number][] {
  const names = new Map(nodes.map(({ id, callFrame: { functionName, lineNumber } }) => [id, functionName || `(line ${lineNumber + 1})`]));
  const micros = new Map<string, number>();
  let busy = 0;
  for (const [index, id] of samples.entries()) {
    const name = names.get(id)!;
    const spent = timeDeltas[index]!;
    if (IDLE.has(name)) continue;
    busy += spent;
    micros.set(name, (micros.get(name) ?? 0) + spent);
  }
  return [...micros].map(([name, spent]): [string, number] => [name, spent / busy]).toSorted(([, a], [, b]) => b - a);
}

function printTimes(profile: CpuProfile): void {
  console.log("| self time | function |\n|--:|---|");
  for (const [name, share] of selfTimes(profile).slice(0, ROWS)) console.log(`| ${(share * 100).toFixed(1)} % | \`${name}\` |`);
}

function printAllocations(allocations: Allocations, requests: number): void {
  const all = [...allocations.values()].reduce((sum, bytes) => sum + bytes, 0);
  console.log(`\n${Math.round(all / requests)} bytes allocated per request\n\n| bytes per request | function |\n|--:|---|`);
  const rows = [...allocations].toSorted(([, a], [, b]) => b - a).slice(0, ROWS);
  for (const [name, bytes] of rows) console.log(`| ${Math.round(bytes / requests)} | \`${name}\` |`);
}

/** Samples of `perf`: native code, JavaScript and the kernel. @throws Error where it cannot run */
async function printNative(pid: number, folder: string, load: () => Promise<Slice>): Promise<void> {
  const file = join(folder, "perf.data");
  const recorder = spawn("perf", ["record", "-q", "-g", "-F", String(NATIVE_HZ), "-o", file, "-p", String(pid)], { stdio: "ignore" });
  const ended = once(recorder, "exit").catch(() => undefined); // without perf there is no process that exits
  const { latenciesMs } = await load();
  recorder.kill("SIGINT");
  await ended;
  const script = spawnSync("perf", ["script", "-i", file, "-F", "ip,sym"], { encoding: "utf8", maxBuffer: 2 ** 31 - 1 });
  const samples = script.status === 0 ? parseSamples(script.stdout) : [];
  if (samples.length === 0)
    throw new Error(
      "--native needs perf of Linux, and the right to use it: install linux-perf, and set kernel.perf_event_paranoid to 2 or less",
    );
  const row = ([name, count]: [string, number]): string => {
    const micros = (count * 1e6) / NATIVE_HZ / latenciesMs.length;
    return `| ${micros.toFixed(1)} | ${((count / samples.length) * 100).toFixed(1)} % | ${name} |`;
  };
  console.log("| µs per request | share | what |\n|--:|--:|---|");
  for (const area of countBy(samples, areaOf).slice(0, ROWS)) console.log(row(area));
  console.log("\n| µs per request | share | function, and what it calls outside of JavaScript |\n|--:|--:|---|");
  for (const [name, count] of countBy(samples, functionOf).slice(0, ROWS)) console.log(row([`\`${name}\``, count]));
}

async function main(): Promise<void> {
  const { values } = parseCommand("bench:profile", {
    subject: { type: "string", default: "gateway" },
    seconds: { type: "string", default: "10" },
    native: { type: "boolean", default: false },
    out: { type: "string" },
  });
  const subject = subjects[values.subject as string];
  if (subject === undefined)
    throw new Error(`--subject: there is no subject ${values.subject}; there are ${Object.keys(subjects).join(", ")}`);
  const seconds = Number(values.seconds);
  if (!(seconds >= 1 && seconds <= 600)) throw new Error("--seconds: write a number from 1 to 600");
  const isNative = values.native === true;
  if (isNative && values.out !== undefined)
    throw new Error("--out: the profile of --native is no file for a browser; leave one of them out");
  const folder = mkdtempSync(join(tmpdir(), "tidegate-profile-"));
  const origin = await start(join(folder, "upstream"), upstream, { upstreamPort: 0, cpu: 1 });
  const seen = isNative ? { v8Flags: ["--perf-basic-prof"] } : { inspected: true };
  const server = await start(join(folder, "subject"), subject, { upstreamPort: origin.port, cpu: 0, readable: true, ...seen });
  const load = new LoadGenerator();
  try {
    const order = { origin: server.origin, request: await subject.prepare(server.origin), connections: 16 };
    const inspector = isNative ? undefined : await Inspector.open(server.inspectorPort!, "main");
    await load.run({ ...order, seconds: WARM_SECONDS });
    if (inspector === undefined) return await printNative(server.pid, folder, () => load.run({ ...order, seconds }));
    const profile = await inspector.profile(() => load.run({ ...order, seconds }));
    let requests = 0;
    const allocations = await inspector.allocations(async () => {
      const { latenciesMs } = await load.run({ ...order, seconds });
      requests = latenciesMs.length;
    });
    inspector.close();
    if (values.out !== undefined) writeFileSync(values.out as string, JSON.stringify(profile));
    printTimes(profile);
    printAllocations(allocations, requests);
  } finally {
    await load.stop();
    server.stop();
    origin.stop();
    rmSync(folder, { recursive: true, force: true });
    rmSync(`/tmp/perf-${server.pid}.map`, { force: true }); // where V8 writes the names of its functions
  }
}

if (import.meta.main) await main();
