// `npm run bench`: what a request costs, the gateway beside what others write, in one interleaved run.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeEnvironment, stealShare } from "./environment.ts";
import { LoadGenerator } from "./load.ts";
import { type Measured, measure, summarise } from "./measure.ts";
import { HELP, parseOptions } from "./options.ts";
import { comparisonOf, OTHER, ratiosOf, table, writeReadme } from "./report.ts";
import { type Subject, subjects, upstream } from "./subjects.ts";
import { type Running, start } from "./workerd.ts";

const parsed = parseOptions(process.argv.slice(2), Object.keys(subjects));
if (parsed.kind === "help") {
  process.stdout.write(HELP);
  process.exit(0);
}
if (parsed.kind === "invalid") {
  console.error(parsed.problem);
  process.exit(2);
}
const { json, seconds, only, connections, readme, against } = parsed;
/** Each subject is followed by its twin of the other checkout, if there is one: what disturbs one of them most likely disturbs both. */
const chosen = only.flatMap((name): (readonly [string, Subject])[] => {
  const subject = subjects[name]!;
  if (against === undefined) return [[name, subject]];
  return [
    [name, subject],
    [`${name}${OTHER}`, { ...subject, entry: join(against, subject.entry) }],
  ];
});

const folder = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
const running: Running[] = [];
const cleanUp = (): void => {
  for (const one of running) one.stop();
  rmSync(folder, { recursive: true, force: true });
};
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    cleanUp();
    process.exit(130);
  });
}

try {
  const origin = await start(join(folder, "upstream"), upstream, { upstreamPort: 0, cpu: 1 });
  running.push(origin);
  const measured: Measured[] = [];
  for (const [name, subject] of chosen) {
    console.error(`starting ${name} ...`);
    const server = await start(join(folder, name), subject, { upstreamPort: origin.port, cpu: 0 });
    running.push(server);
    measured.push(await measure(name, subject, server, join(folder, `${name}-counted`), origin.port));
  }

  const load = new LoadGenerator();
  const stealBefore = stealShare();
  for (const one of measured) await one.slice(load, connections, 1); // warm
  for (const one of measured) one.reset();
  for (let round = 0; round < seconds; round++) {
    console.error(`round ${round + 1} of ${seconds}`);
    const order = [...measured.slice(round % measured.length), ...measured.slice(0, round % measured.length)];
    for (const one of order) await one.slice(load, connections, 1);
  }
  await load.stop();

  const environment = { ...describeEnvironment(connections, seconds), stealShare: stealShare(stealBefore) };
  const figures = Object.fromEntries(measured.map((one) => [one.name, summarise(one)]));
  const report = { environment, subjects: figures, ratios: ratiosOf(measured) };
  console.log(table(report));
  for (const { name, cpuPerSlice } of measured) {
    const other = measured.find((one) => one.name === `${name}${OTHER}`);
    if (other === undefined) continue;
    const { ratio, low, high } = comparisonOf(cpuPerSlice, other.cpuPerSlice);
    const interval = `95 % interval ${low.toFixed(3)} to ${high.toFixed(3)}`;
    console.log(`${name}: ${ratio.toFixed(3)} x the CPU of ${against} (median of ${cpuPerSlice.length} rounds, ${interval})`);
  }
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  if (readme) writeReadme("bench/README.md", table(report));
  const broken = Object.entries(figures).filter(([, { errors }]) => errors > 0);
  for (const [name, { errors }] of broken) console.error(`${name}: ${errors} requests failed`);
  process.exitCode = broken.length > 0 ? 1 : 0;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  cleanUp();
}
