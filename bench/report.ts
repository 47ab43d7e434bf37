// The figures as a table, as ratios, and in bench/README.md.
import { readFileSync, writeFileSync } from "node:fs";
import type { Environment } from "./environment.ts";
import type { Figures, Measured } from "./measure.ts";

export interface Report {
  readonly environment: Environment;
  readonly subjects: Readonly<Record<string, Figures>>;
  /** CPU of a subject over CPU of another, the median of the ratios of each round. */
  readonly ratios: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const COMPARED_WITH = ["bare", "pass-through", "naive", "cached-constant"];
/** End of the name of a subject that is built from another checkout. */
export const OTHER = " (other checkout)";
const BEGIN = "<!-- figures: written by `npm run bench -- --write-readme` -->";
const END = "<!-- end of figures -->";

/** Rounds are compared one by one: a disturbance of the machine affects all subjects of a round. */
export function ratiosOf(measured: readonly Pick<Measured, "name" | "cpuPerSlice">[]): Report["ratios"] {
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

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** How this checkout compares with another one, from rounds that are compared one by one. */
export interface Comparison {
  readonly ratio: number; // CPU of this checkout over CPU of the other one, the median of all rounds
  readonly low: number; // low and high end of an interval that contains the true median with a probability of at least 95 %
  readonly high: number;
}

/** @see https://en.wikipedia.org/wiki/Sign_test: the interval is made of order statistics and assumes no distribution */
export function comparisonOf(cpu: readonly number[], otherCpu: readonly number[]): Comparison {
  const ratios = cpu.map((micros, round) => micros / otherCpu[round]!).sort((a, b) => a - b);
  let [rank, tail, probability] = [0, 0, 0.5 ** ratios.length]; // probability of exactly `rank` rounds below the true median
  while (tail + probability <= 0.025 && rank < (ratios.length - 1) / 2) {
    tail += probability;
    probability *= (ratios.length - rank) / (rank + 1);
    rank += 1;
  }
  const at = Math.max(0, rank - 1);
  return { ratio: median(ratios), low: ratios[at]!, high: ratios[ratios.length - 1 - at]! };
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
    String(figures.errors),
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
