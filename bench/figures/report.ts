// The figures as a table, as ratios, and in bench/README.md.
import { readFileSync, writeFileSync } from "node:fs";
import type { Figures, Measured } from "../measure.ts";
import type { Environment } from "./environment.ts";
import { bootstrap, type Interval, median } from "./statistics.ts";

export interface Report {
  readonly environment: Environment;
  readonly subjects: Readonly<Record<string, Figures>>;
  /** CPU of a subject over CPU of another, the median of the ratios of each round. */
  readonly ratios: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const COMPARED_WITH = ["bare", "pass-through", "floor", "naive", "cached-constant", "refused-constant"];
/** End of the name of a subject that is built from another checkout. */
export const OTHER = " (other checkout)";
const BEGIN = "<!-- figures: written by `npm run bench -- --write-readme` -->";
const END = "<!-- end of figures -->";

/** What a figure of two subjects has to be at most. */
interface Goal {
  readonly subject: string;
  readonly base: string;
  readonly atMost: number;
}

export const GOALS: readonly Goal[] = [
  { subject: "gateway", base: "floor", atMost: 1.15 },
  { subject: "gateway", base: "pass-through", atMost: 1.5 },
  { subject: "gateway", base: "gateway-unobserved", atMost: 1.05 },
  { subject: "gateway-jwt", base: "gateway-token", atMost: 1.08 },
  { subject: "gateway-rest", base: "gateway-unlimited", atMost: 1.12 },
  { subject: "gateway-cached", base: "cached-constant", atMost: 1.15 },
  { subject: "gateway-refused", base: "refused-constant", atMost: 1.1 },
  { subject: "host-json", base: "bare", atMost: 1.5 },
  { subject: "host-binary", base: "bare-binary", atMost: 1.8 },
  { subject: "host-json", base: "router-json", atMost: 0.4 },
  { subject: "host-binary", base: "router-binary", atMost: 0.4 },
  { subject: "chain", base: "chain-bare", atMost: 1.5 },
  { subject: "routes-100", base: "routes-10", atMost: 1.1 },
  { subject: "routes-1000", base: "routes-10", atMost: 1.1 },
  { subject: "keys-10000", base: "keys-10", atMost: 1.1 },
  { subject: "endpoints-1000", base: "endpoints-3", atMost: 1.1 },
];
const TOLERANCE = 0.05; // a goal is met where the upper end of the interval is at most so far above it
const MAX_WIDTH = 0.1; // width of the interval of floor over pass-through; a run in which it is wider does not count

type Slices = Pick<Measured, "name" | "cpuPerSlice">;

/** The median of the ratios of each round. */
export function ratiosOf(measured: readonly Slices[]): Report["ratios"] {
  const bases = measured.filter(({ name }) => COMPARED_WITH.includes(name));
  return Object.fromEntries(
    measured.map((one) => {
      const toBases = bases
        .filter((base) => base !== one)
        .map((base) => [base.name, median(one.cpuPerSlice.map((cpu, round) => cpu / base.cpuPerSlice[round]!))] as const);
      return [one.name, Object.fromEntries(toBases)];
    }),
  );
}

/** One line for each goal whose two subjects were measured, and whether the run counts. @param random in [0, 1), uniform */
export function decisions(measured: readonly Slices[], random: () => number): string[] {
  const slices = new Map(measured.map(({ name, cpuPerSlice }) => [name, cpuPerSlice]));
  const lines: string[] = [];
  for (const { subject, base, atMost } of GOALS) {
    const [values, bases] = [slices.get(subject), slices.get(base)];
    if (values === undefined || bases === undefined) continue;
    const interval = bootstrap(values, bases, random);
    lines.push(`${subject}: ${textOf(interval)} x ${base}; ${goalOf(interval, atMost)}`);
  }
  const [floor, passThrough] = [slices.get("floor"), slices.get("pass-through")];
  if (floor === undefined || passThrough === undefined) return lines;
  const interval = bootstrap(floor, passThrough, random);
  const counts = floor.length >= 30 && interval.high - interval.low <= MAX_WIDTH;
  const why = floor.length < 30 ? "fewer than 30 rounds" : `an interval wider than ${MAX_WIDTH}`;
  lines.push(`floor: ${textOf(interval)} x pass-through; ${counts ? "the run counts" : `the run does not count (${why})`}`);
  return lines;
}

/** Whether a ratio is what it has to be at most. */
export function goalOf({ high }: Interval, atMost: number): string {
  return `goal ${atMost}: ${high <= atMost + TOLERANCE ? "met" : "missed"}`;
}

export function textOf({ ratio, low, high }: Interval): string {
  return `${ratio.toFixed(3)} (95 % interval ${low.toFixed(3)} to ${high.toFixed(3)})`;
}

/** Markdown that reads as a table in a terminal, too. */
export function table({ environment, subjects, ratios }: Report): string {
  const bases = COMPARED_WITH.filter((name) => name in subjects);
  const head = [
    "subject",
    "CPU µs/req",
    "req/s",
    "P50 ms",
    "P95 ms",
    "P99 ms",
    "errors",
    "KB allocated/req",
    "binding calls/req",
    "RSS MiB",
    "first ms",
    ...bases.map((base) => `CPU x ${base}`),
  ];
  const rows = Object.entries(subjects).map(([name, figures]) => [
    name,
    figures.cpuMicrosPerRequest.toFixed(0),
    figures.requestsPerSecond.toFixed(0),
    figures.p50Ms.toFixed(1),
    figures.p95Ms.toFixed(1),
    figures.p99Ms.toFixed(1),
    String(Object.values(figures.errors).reduce((sum, count) => sum + count, 0)),
    (figures.allocatedBytes / 1_000).toFixed(1),
    figures.bindingCallsPerRequest.toFixed(2),
    figures.rssMiB.toFixed(0),
    figures.firstRequestMs.toFixed(0),
    ...bases.map((base) => ratios[name]?.[base]?.toFixed(2) ?? "1"),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  const { date, machine, cores, kernel, node, workerd, connections, seconds, loadAverage, stealShare } = environment;
  const about = `${date.slice(0, 10)}; ${machine}, ${cores} cores, Linux ${kernel}; Node ${node}, workerd ${workerd}; ${connections} connections, ${seconds} s a subject in slices of 1 s; load average ${loadAverage.toFixed(1)}, ${(stealShare * 100).toFixed(1)} % of the time stolen by other machines.`;
  return [about, "", line(head), rule, ...rows.map(line)].join("\n");
}

/** Puts the table between its two markers. */
export function writeReadme(file: string, figures: string): void {
  writeFileSync(file, withFigures(readFileSync(file, "utf8"), figures));
}

export function withFigures(readme: string, figures: string): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the markers ${BEGIN} and ${END} are not there`);
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${figures}\n\n${readme.slice(end)}`;
}
