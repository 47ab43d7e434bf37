// `npm run bench:memory`: whether the gateway's memory grows with the requests that it has served.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCommand } from "../../cli/command.ts";
import { describeEnvironment } from "../figures/environment.ts";
import { rssMiB } from "../figures/process.ts";
import { LoadGenerator } from "../load.ts";
import { subjects, upstream } from "../subjects.ts";
import { start } from "../workerd.ts";
import { memoryVerdict } from "./verdict.ts";

const PARTS = 10;
const SLICE_SECONDS = 1;

const { values } = parseCommand("bench:memory", { requests: { type: "string", default: "1000000" } });
const requests = Number(values.requests);
if (!Number.isSafeInteger(requests) || requests < PARTS || requests > 100_000_000) {
  console.error(`--requests: write a whole number from ${PARTS} to 100000000`);
  process.exit(2);
}

const subject = subjects["gateway"]!;
const folder = mkdtempSync(join(tmpdir(), "tidegate-memory-"));
const origin = await start(join(folder, "upstream"), upstream, { upstreamPort: 0, cpu: 1 });
const server = await start(join(folder, "subject"), subject, { upstreamPort: origin.port, cpu: 0 });
const load = new LoadGenerator();
let [isGrowing, failed] = [false, 0];
try {
  const order = { origin: server.origin, request: await subject.prepare(server.origin), connections: 16, seconds: SLICE_SECONDS };
  const { machine, loadAverage } = describeEnvironment(order.connections, SLICE_SECONDS);
  console.log(`${machine}; load average ${loadAverage.toFixed(1)}\n\n| requests | RSS, MiB |\n|--:|--:|`);
  const after: number[] = [];
  for (let [part, served] = [1, 0]; part <= PARTS; part++) {
    while (served < (part * requests) / PARTS) {
      const slice = await load.run(order);
      served += slice.latenciesMs.length;
      for (const count of slice.errors.values()) failed += count;
      if (slice.latenciesMs.length === 0) throw new Error(`no request was served: ${[...slice.errors.keys()].join("; ")}`);
    }
    after.push(rssMiB(server.pid));
    console.log(`| ${served} | ${after.at(-1)!.toFixed(0)} |`);
  }
  const verdict = memoryVerdict(after);
  isGrowing = !verdict.isMet;
  console.log(`\n${verdict.text}${failed > 0 ? `; ${failed} requests failed` : ""}`);
} finally {
  await load.stop();
  server.stop();
  origin.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = isGrowing || failed > 0 ? 3 : 0;
