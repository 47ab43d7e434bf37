// `npm run bench`: what a request costs, the gateway beside what others write, in one interleaved run.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeEnvironment, stealShare } from "./figures/environment.ts";
import { decisions, OTHER, ratiosOf, table, textOf, writeReadme } from "./figures/report.ts";
import { bootstrap, shuffled } from "./figures/statistics.ts";
import { IDENTITY } from "./identity-subjects.ts";
import { LoadGenerator } from "./load.ts";
import { type Measured, measure, summarise } from "./measure.ts";
import { HELP, parseOptions } from "./options.ts";
import { SERVICES } from "./services/service-subjects.ts";
import { KEYED, OBSERVED, SIZED } from "./sized-subjects.ts";
import { type Subject, subjects, upstream } from "./subjects.ts";
import { type Running, start } from "./workerd.ts";

const usual: Readonly<Record<string, Subject>> = { ...subjects, ...IDENTITY };
const FURTHER = { ...SIZED, ...OBSERVED, ...KEYED, ...SERVICES };
const parsed = parseOptions(process.argv.slice(2), Object.keys(usual), Object.keys(FURTHER));
if (parsed.kind === "help") {
  process.stdout.write(HELP);
  process.exit(0);
}
if (parsed.kind === "invalid") {
  console.error(parsed.problem);
  process.exit(2);
}
const { json, seconds, only, connections, rate, cpuOnly, readme, against, network, v8Flags } = parsed;
/** Each subject is followed by its twin of the other checkout, if there is one: what disturbs one of them most likely disturbs both. */
const chosen = only.flatMap((name): (readonly [string, Subject])[] => {
  const subject = (usual[name] ?? FURTHER[name])!;
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
  const placement = { upstreamPort: origin.port, network, v8Flags };
  const measured: Measured[] = [];
  const load = new LoadGenerator();
  for (const [name, subject] of chosen) {
    console.error(`starting ${name} ...`);
    const server = await start(join(folder, name), subject, { ...placement, cpu: 0 });
    running.push(server);
    measured.push(await measure(name, subject, server, join(folder, `${name}-counted`), placement, cpuOnly ? undefined : load));
  }

  const stealBefore = stealShare();
  const order = { connections, seconds: 1, rate };
  for (const one of measured) await one.slice(load, order); // warm
  for (const one of measured) one.reset();
  for (let round = 0; round < seconds; round++) {
    console.error(`round ${round + 1} of ${seconds}`);
    for (const one of shuffled(measured, Math.random)) await one.slice(load, order);
  }
  await load.stop();

  const environment = { ...describeEnvironment(connections, seconds), stealShare: stealShare(stealBefore) };
  const figures = Object.fromEntries(measured.map((one) => [one.name, summarise(one)]));
  const report = { environment, subjects: figures, ratios: ratiosOf(measured) };
  console.log(table(report));
  for (const { name, cpuPerSlice } of measured) {
    const other = measured.find((one) => one.name === `${name}${OTHER}`);
    if (other === undefined) continue;
    const interval = bootstrap(cpuPerSlice, other.cpuPerSlice, Math.random);
    console.log(`${name}: ${textOf(interval)} x the CPU of ${against}, ${cpuPerSlice.length} rounds`);
  }
  for (const line of decisions(measured, Math.random)) console.log(line);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  if (readme) writeReadme("bench/README.md", table(report));
  const broken = measured.flatMap(({ name, errors }) => [...errors].map(([reason, count]) => `${name}: ${count} x ${reason}`));
  for (const line of broken) console.error(line);
  process.exitCode = broken.length > 0 ? 3 : 0;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  cleanUp();
}
