// `npm run bench:control`: CPU that an isolate spends on a new version of a large configuration.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { parseCommand } from "../../cli/command.ts";
import { median } from "../figures/statistics.ts";
import { ROUTES } from "./large-snapshot.ts";

/** As `bench/workers/large-versions.ts` has it: its types are those of Workers. */
interface Compiled {
  readonly times: readonly number[];
  readonly bytes: number;
  readonly parts: number;
}

const WARM_UP = 20; // versions that do not count: V8 has not compiled the code yet

const { values } = parseCommand("bench:control", { rounds: { type: "string", default: "20" } });
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1_000) {
  console.error(`--rounds ${values.rounds}: write a whole number from 1 to 1000`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "tidegate-control-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const platform = join(folder, "platform.mjs"); // what the gateway takes from the platform, and does not use while it compiles
writeFileSync(platform, "export const env = {}; export const exports = {}; export const waitUntil = () => {};");
const outfile = join(folder, "versions.mjs");
buildSync({
  entryPoints: [join(import.meta.dirname, "../workers/large-versions.ts")],
  ...{ outfile, bundle: true, format: "esm", platform: "node", target: "es2024" },
  alias: { "cloudflare:workers": platform },
});
const { compileVersions }: { compileVersions: (count: number, cpuMs: () => number) => Compiled } = await import(outfile);
const { times, bytes, parts } = compileVersions(WARM_UP + rounds, () => process.threadCpuUsage().user / 1_000);
const counted = times.slice(WARM_UP);
const ms = (value: number): string => `${value.toFixed(1)} ms`;
const lines = [
  `${ROUTES.toLocaleString("en")} routes, 200 rate limits, 20 issuers; text of a snapshot: ${Math.round(bytes / 1024)} KiB; ${parts} parts`,
  `CPU of a new version, median of ${rounds}: ${ms(median(counted))} (least ${ms(Math.min(...counted))}, most ${ms(Math.max(...counted))})`,
  `CPU of the first version of a process: ${ms(times[0]!)}`,
  `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}, load average ${loadavg()[0]!.toFixed(1)}`,
];
process.stdout.write(`${lines.join("\n")}\n`);
