// npm run sim -- NAME: the real core in a world of our own, as a table; with --check it fails where a goal is missed.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseCommand } from "../../cli/command.ts";
import { isMet, type Row, type Simulation } from "./simulation.ts";

const names = readdirSync(import.meta.dirname).filter((name) => existsSync(join(import.meta.dirname, name, "index.ts")));
const options = {
  seed: { type: "string", default: "1" },
  only: { type: "string" },
  list: { type: "boolean", default: false },
  json: { type: "string" },
  check: { type: "boolean", default: false },
  write: { type: "boolean", default: false },
} as const;
const { values, positionals } = parseCommand("sim", options, { allowPositionals: true });

const [name = ""] = positionals;
if (!names.includes(name) || positionals.length > 1) fail(`write the name of one simulation: ${names.join(", ")}`, 2);
const seed = Number(values.seed);
if (!Number.isSafeInteger(seed) || seed < 0) fail(`--seed ${values.seed}: write a whole number from 0`, 2);

const { simulation } = (await import(`./${name}/index.ts`)) as { simulation: Simulation<readonly Row[] | Promise<readonly Row[]>> };
const known = simulation.scenarios.map((scenario) => scenario.name);
if (values.write && (simulation.document === undefined || values.only !== undefined || seed !== 1))
  fail(simulation.document === undefined ? `--write: ${name} has no page in docs/` : "--write: leave --only and --seed out", 2);
if (values.list) fail(simulation.scenarios.map((scenario) => `${scenario.name.padEnd(28)}${scenario.about}`).join("\n"), 0);
const chosen = values.only?.split(",") ?? known;
for (const one of chosen) if (!known.includes(one)) fail(`--only ${one}: write one of ${known.join(", ")}`, 2);

console.log(`${simulation.about}\nseed ${seed}\n`);
const results: { scenario: string; rows: readonly Row[] }[] = [];
for (const scenario of simulation.scenarios) {
  if (!chosen.includes(scenario.name)) continue;
  const rows = await scenario.run(seed);
  results.push({ scenario: scenario.name, rows });
  console.log(`${scenario.name}: ${scenario.about}\n${table(rows)}\n`);
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ simulation: name, seed, results }, null, 2)}\n`);

// The page is made of all scenarios, with seed 1.
const page = values.only === undefined && seed === 1 ? simulation.document : undefined;
const text = page?.text(new Map(results.map(({ scenario, rows }) => [scenario, rows])));
if (page !== undefined && text !== undefined && values.write) writeFileSync(page.path, text);
const isOutdated = page !== undefined && (!existsSync(page.path) || readFileSync(page.path, "utf8") !== text);
if (isOutdated) console.log(`${page.path} is not what this table says; write it with --write\n`);

const goals = results.flatMap(({ scenario, rows }) =>
  rows.flatMap(({ variant, goals: held = [] }) => held.map((goal) => ({ scenario, variant, goal }))),
);
for (const { scenario, variant, goal } of goals) {
  const bound = goal.atMost === undefined ? `at least ${goal.atLeast}` : `at most ${goal.atMost}`;
  console.log(`${isMet(goal) ? "met   " : "MISSED"} ${scenario} / ${variant}: ${goal.name} ${shown(goal.measured)}, ${bound}`);
}
const missed = goals.filter(({ goal }) => !isMet(goal)).length;
console.log(`${goals.length - missed} of ${goals.length} goals met, seed ${seed}`);
if (values.check && (missed > 0 || isOutdated)) process.exitCode = 1;

function table(rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
  const lines = [
    ["", ...columns],
    ...rows.map(({ variant, figures }) => [variant, ...columns.map((column) => (column in figures ? shown(figures[column]!) : "-"))]),
  ];
  const widths = lines[0]!.map((_, index) => Math.max(...lines.map((line) => line[index]!.length)));
  return lines
    .map((line) => line.map((cell, index) => (index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!))).join("  "))
    .join("\n");
}

function shown(figure: number): string {
  if (Number.isInteger(figure)) return String(figure);
  return Math.abs(figure) >= 100 ? figure.toFixed(1) : figure.toPrecision(3);
}

function fail(message: string, code: number): never {
  console.log(message);
  process.exit(code);
}
