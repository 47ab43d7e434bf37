// `npm run bench:load`: the load tests of requirement T2 against a gateway and its services on this machine, with the rates of T1.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCommand } from "../../cli/command.ts";
import { GATEWAY_OBJECTS, type Subject, subjects } from "../subjects.ts";
import { type Running, start } from "../workerd.ts";
import { decisionsOn } from "./results.ts";
import { FULL, type Sizes, scaled, type Target, TOOLS, type Tool } from "./tools.ts";

const SIZES = Object.keys(FULL) as (keyof Sizes)[];
const flagOf = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const { values } = parseCommand("bench:load", {
  only: { type: "string" },
  scale: { type: "string", default: "1" },
  ...(Object.fromEntries(SIZES.map((name) => [flagOf(name), { type: "string" }])) as Record<string, { type: "string" }>),
});
const texts = values as Readonly<Record<string, string | undefined>>;
const scale = Number(texts["scale"]);
if (!(scale > 0 && scale <= 1)) refuse("--scale: write a number above 0, up to 1");
const names = texts["only"]?.split(",") ?? TOOLS.map(({ name }) => name);
for (const name of names) if (!TOOLS.some((tool) => tool.name === name)) refuse(`--only: found "${name}"; write wrk, hey or k6`);
const sizes: Sizes = { ...scaled(scale), ...Object.fromEntries(SIZES.flatMap((name) => given(name))) };

const users = subjects["service"]!;
const orders: Subject = {
  entry: "workers/services/orders/index.ts",
  about: "",
  objects: [{ binding: "ORDER_STORE", className: "OrderStore" }],
  workers: { USERS: users },
  prepare: users.prepare,
};
const limited: Subject = {
  ...subjects["end-to-end"]!,
  upstreams: ["NOTIFICATIONS"],
  gatewayObjects: GATEWAY_OBJECTS,
  workers: { USERS: users, ORDERS: orders },
};
const unlimited: Subject = { ...limited, entry: "bench/workers/gateway-unlimited.ts" };

const folder = mkdtempSync(join(tmpdir(), "tidegate-load-"));
const running: Running[] = [];
process.on("exit", () => {
  for (const one of running) one.stop();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

let missed = 0;
let skipped = 0;
for (const tool of TOOLS.filter(({ name }) => names.includes(name))) {
  const found = tool.find();
  if ("missing" in found) {
    console.log(`${tool.name}: SKIPPED: ${found.missing}`);
    skipped += 1;
  } else await measured(tool, found.command);
}
console.log(`\n${missed} missed, ${skipped} skipped`);
process.exit(missed > 0 ? 1 : 0);

async function measured(tool: Tool, command: readonly string[]): Promise<void> {
  const server = await start(join(folder, tool.name), tool.name === "wrk" ? limited : unlimited, { upstreamPort: 0, cpu: 0 });
  running.push(server);
  const { body = "{}" } = await users.prepare(server.origin);
  const target: Target = { origin: server.origin, user: (JSON.parse(body) as { id: string }).id };
  console.error(`${tool.name}: ${[...command, ...tool.arguments(target, sizes)].join(" ")}`);
  const output = await outputOf([...command, ...tool.arguments(target, sizes)]);
  server.stop();
  const result = tool.resultOf(output);
  if (result === undefined) {
    console.log(`${tool.name}: missed: it printed no result\n${output.slice(-2_000)}`);
    missed += 1;
    return;
  }
  const { requests, seconds, p95Ms } = result;
  console.log(
    `${tool.name}: ${requests} requests in ${seconds.toFixed(1)} s, ${(requests / seconds).toFixed(0)}/s, P95 ${p95Ms.toFixed(1)} ms`,
  );
  for (const { text, isMet } of decisionsOn(result)) {
    console.log(`  ${text}`);
    if (!isMet) missed += 1;
  }
}

function outputOf([program, ...args]: readonly string[]): Promise<string> {
  const child = spawn(program!, args, { stdio: ["ignore", "pipe", "pipe"] });
  process.once("exit", () => child.kill());
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve(output));
  });
}

function given(name: keyof Sizes): [name: string, size: number][] {
  const text = texts[flagOf(name)];
  if (text === undefined) return [];
  const size = Number(text);
  if (!Number.isInteger(size) || size < 1 || size > 1_000_000) refuse(`--${flagOf(name)}: write a whole number from 1 to 1000000`);
  return [[name, size]];
}

function refuse(problem: string): never {
  console.error(problem);
  process.exit(2);
}
