// `npm run bench:ablation`: what each part of the gateway costs. Parts are taken out one after the other, from the top of the pipeline
// down, until only the frame is left (routing, the call, its headers, the response), which is compared with a Worker that only forwards.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCommand } from "../../cli/command.ts";
import { median, shuffled } from "../figures/statistics.ts";
import { LoadGenerator } from "../load.ts";
import { type Measured, measure } from "../measure.ts";
import { type Subject, subjects, upstream } from "../subjects.ts";
import { type Running, start } from "../workerd.ts";

/** What is taken out, in this order: the end of a module's path, and what replaces it, or the functions that return no layer then. */
const PARTS: readonly (readonly [part: string, replaced: NonNullable<Subject["without"]>])[] = [
  ["limit", { "layers/rate-limit.ts": ["rateLimitWithoutMessage", "rateLimitByMessage"] }],
  ["shed and open streams", { "layers/shed.ts": ["shed"], "layers/open-streams.ts": ["openStreams"] }],
  ["retry", { "layers/retry.ts": ["retry"] }],
  ["breaker, balancer, throttle", { "upstream/pool.ts": "bench/ablation/one-endpoint.ts" }],
  ["check of the response, read whole", { "protocol/response-check.ts": ["checkResponse"] }],
  ["body of the request, read whole", { "layers/limit-body.ts": ["limitBody"] }],
  ["deadline", { "layers/deadline.ts": ["deadline"] }],
  [
    "trace, rescue, check of headers",
    { "layers/trace.ts": ["trace"], "layers/rescue.ts": ["rescue"], "layers/check-headers.ts": ["checkHeaders"] },
  ],
];

/** The gateway, and each subject that has one part less than the one before it; at last a Worker that only forwards. */
function steps(): (readonly [removed: string, subject: Subject])[] {
  const whole = subjects["gateway-leased"]!;
  const chain: (readonly [string, Subject])[] = [["", whole]];
  let without: NonNullable<Subject["without"]> = {};
  for (const [part, replaced] of PARTS) {
    without = { ...without, ...replaced };
    chain.push([part, { ...whole, without }]);
  }
  chain.push(["frame: routing, call, headers, response", subjects["pass-through"]!]);
  return chain;
}

/** The table: what each part takes, by the medians of all rounds. */
function table(removed: readonly string[], medians: readonly number[]): string {
  const whole = medians[0]!;
  const rest = medians.at(-1)!;
  const rows = removed.slice(1).map((part, nth) => {
    const micros = medians[nth]! - medians[nth + 1]!;
    return `| ${part} | ${micros.toFixed(0)} | ${((100 * micros) / (whole - rest)).toFixed(0)} % |`;
  });
  return [
    `gateway ${whole.toFixed(0)} µs, pass-through ${rest.toFixed(0)} µs`,
    "",
    "| part | µs of CPU | share of the difference |",
    "|---|--:|--:|",
    ...rows,
  ].join("\n");
}

const { values } = parseCommand("bench:ablation", { rounds: { type: "string", default: "30" } });
const rounds = Number(values.rounds);
if (!(Number.isInteger(rounds) && rounds >= 1 && rounds <= 1_000)) {
  process.stderr.write(`--rounds ${values.rounds}: write a whole number from 1 to 1000\n`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "tidegate-ablation-"));
const running: Running[] = [];
const load = new LoadGenerator();
try {
  const origin = await start(join(folder, "upstream"), upstream, { upstreamPort: 0, cpu: 1 });
  running.push(origin);
  const chain = steps();
  const measured: Measured[] = [];
  for (const [nth, [removed, subject]] of chain.entries()) {
    const server = await start(join(folder, String(nth)), subject, { upstreamPort: origin.port, cpu: 0 });
    running.push(server);
    measured.push(await measure(removed || "gateway", subject, server, folder, { upstreamPort: origin.port }, undefined));
  }
  const order = { connections: 16, seconds: 1 };
  for (const one of measured) await one.slice(load, order); // warm
  for (const one of measured) one.reset();
  for (let round = 0; round < rounds; round++) for (const one of shuffled(measured, Math.random)) await one.slice(load, order);
  const failed = measured.flatMap(({ name, errors }) => [...errors].map(([reason, count]) => `${name}: ${count} x ${reason}`));
  for (const line of failed) console.error(line);
  process.exitCode = failed.length > 0 ? 3 : 0;
  console.log(
    table(
      chain.map(([removed]) => removed),
      measured.map(({ cpuPerSlice }) => median(cpuPerSlice)),
    ),
  );
} finally {
  await load.stop();
  for (const one of running) one.stop();
  rmSync(folder, { recursive: true, force: true });
}
