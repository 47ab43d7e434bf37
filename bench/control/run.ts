// `npm run bench:control`: CPU that an isolate spends on a new version of a large configuration; with `--swaps`, what one each second costs calls.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { parseCommand } from "../../cli/command.ts";
import { PLATFORM } from "../../cli/explain/platform.ts";
import { describeEnvironment } from "../figures/environment.ts";
import { median } from "../figures/statistics.ts";
import { ROUTES, type VersionChange } from "./large-snapshot.ts";
import { swapFailures, swapLines } from "./swap-report.ts";
import { measureSwaps, type SwapOptions } from "./swaps.ts";

/** As `bench/workers/large-versions.ts` has it: its types are those of Workers. */
interface Compiled {
  readonly times: readonly number[];
  readonly bytes: number;
  readonly parts: number;
}

const WARM_UP = 20; // versions that do not count: V8 has not compiled the code yet

const { values } = parseCommand("bench:control", {
  rounds: { type: "string" },
  swaps: { type: "boolean", default: false },
  connections: { type: "string", default: "16" },
  rate: { type: "string" },
  all: { type: "boolean", default: false },
  "gc-global": { type: "boolean", default: false },
});
const difference = values.all ? "all" : "service";
const changed = values.all ? "the settings of all methods" : "the settings of one service of 40";
const LARGE = `${ROUTES.toLocaleString("en")} routes, 200 rate limits, 20 issuers; each version changes one limit and ${changed}`;
const rounds = wholeNumber("rounds", values.rounds ?? (values.swaps ? "30" : "20"), 1_000);
if (values.swaps) {
  const connections = wholeNumber("connections", values.connections, 1_024);
  const rate = values.rate === undefined ? undefined : wholeNumber("rate", values.rate, 100_000);
  process.exit(await runSwaps({ rounds, connections, rate, difference, isGcGlobal: values["gc-global"] }));
}

const folder = mkdtempSync(join(tmpdir(), "tidegate-control-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const platform = join(folder, "platform.mjs"); // what the gateway takes from the platform, and does not use while it compiles
writeFileSync(platform, PLATFORM);
const outfile = join(folder, "versions.mjs");
buildSync({
  entryPoints: [join(import.meta.dirname, "../workers/large-versions.ts")],
  ...{ outfile, bundle: true, format: "esm", platform: "node", target: "es2024" },
  alias: { "cloudflare:workers": platform },
});
type CompileVersions = (count: number, difference: VersionChange, cpuMs: () => number) => Compiled;
const { compileVersions }: { compileVersions: CompileVersions } = await import(outfile);
const { times, bytes, parts } = compileVersions(WARM_UP + rounds, difference, () => process.threadCpuUsage().user / 1_000);
const counted = times.slice(WARM_UP);
const ms = (value: number): string => `${value.toFixed(1)} ms`;
const lines = [
  `${LARGE}; text of a snapshot: ${Math.round(bytes / 1024)} KiB; ${parts} parts`,
  `CPU of a new version, median of ${rounds}: ${ms(median(counted))} (least ${ms(Math.min(...counted))}, most ${ms(Math.max(...counted))})`,
  `CPU of the first version of a process: ${ms(times[0]!)}`,
  machineLine(rounds),
];
process.stdout.write(`${lines.join("\n")}\n`);

/** @returns the exit code: 3 where requests failed or versions came late, as other benchmarks have it */
async function runSwaps(options: SwapOptions): Promise<number> {
  const figures = await measureSwaps(options, (line) => process.stderr.write(`${line}\n`));
  const load = options.rate === undefined ? `${options.connections} connections always at work` : `${options.rate} requests/s`;
  process.stdout.write(`${[LARGE, `load: ${load}`, ...swapLines(figures, Math.random), machineLine(options.rounds)].join("\n")}\n`);
  const failures = swapFailures(figures);
  for (const line of failures) process.stderr.write(`${line}\n`);
  return failures.length > 0 ? 3 : 0;
}

function machineLine(rounds: number): string {
  const { machine, cores, node, workerd, loadAverage } = describeEnvironment(0, rounds);
  return `${machine}, ${cores} cores, Node ${node}, workerd ${workerd}, load average ${loadAverage.toFixed(1)}`;
}

function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  process.stderr.write(`--${option} ${text}: write a whole number from 1 to ${most}\n`);
  process.exit(2);
}
