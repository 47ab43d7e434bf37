// npm run test:cache: the public suite for HTTP caches (cache-tests.fyi), against the gateway in workerd.
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { start } from "../../bench/workerd.ts";
import { parseCommand } from "../../cli/command.ts";
import { count, type Judged, judge, type Results, type Suite } from "./score.ts";

const HERE = import.meta.dirname;

const { values } = parseCommand("test:cache", {
  suite: { type: "string", default: join(HERE, "../../node_modules/http-cache-tests") },
  id: { type: "string", default: "" },
  list: { type: "boolean", default: false },
});

const folder = mkdtempSync(join(tmpdir(), "tidegate-http-cache-"));
/** A checkout of the suite's repository has its engine in a folder of its own; the npm package does not. */
const isCheckout = existsSync(join(values.suite, "test-engine"));
const suite = isCheckout ? withPackages(resolve(values.suite)) : resolve(values.suite);
const engine = isCheckout ? join(suite, "test-engine") : suite;
const running: ChildProcess[] = [];
const cleanUp = (): void => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
};
process.on("SIGINT", () => {
  cleanUp();
  process.exit(130);
});

try {
  const port = await freePort();
  await startOrigin(port);
  // Where the origin breaks a call off, the package takes every response for one from the cache; the repository checks which one it is.
  const variables = { STALE_IF_ERROR_MS: isCheckout ? "60000" : "0" };
  const subject = {
    entry: "test/http-cache/workers/gateway.ts",
    about: "",
    upstreams: ["ORIGIN"],
    variables,
    prepare: () => ({}) as never,
  };
  const gateway = await start(folder, subject, { upstreamPort: port, cpu: 0 });
  try {
    const output = await runClient(gateway.origin);
    if (values.id === "") report(judge(await suitesOf(), JSON.parse(output) as Results));
    else console.log(output);
  } finally {
    gateway.stop();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  cleanUp();
}

function report(judged: readonly Judged[]): void {
  const known: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(HERE, "known.json"), "utf8"));
  const differences = judged.filter(({ kind, outcome }) => kind !== "check" && outcome !== "passed");
  for (const kind of ["required", "optimal"] as const) {
    const of = (outcome: Judged["outcome"]) => `${count(judged, kind, outcome)} ${outcome}`;
    console.log(`${kind.padEnd(9)} ${of("passed")}, ${of("failed")}, ${of("not judged")}`);
  }
  console.log(`check     ${count(judged, "check", "passed")} yes, ${count(judged, "check", "failed")} no`);
  const unknown = differences.filter(({ id }) => known[id] === undefined);
  for (const { suite: name, id, kind, outcome, found } of values.list ? differences : unknown)
    console.log(`  ${kind} ${outcome}: ${name} ${id}: ${found}${known[id] === undefined ? "" : `\n    known: ${known[id]}`}`);
  console.log(`${differences.length - unknown.length} of ${differences.length} tests that are not passed have a known reason`);
  const passed = judged.filter(({ kind, outcome }) => kind !== "check" && outcome === "passed").length;
  console.log(`${passed} passed, ${unknown.length} failed, ${differences.length - unknown.length} skipped`);
  process.exitCode = judged.length === 0 || unknown.length > 0 ? 1 : 0;
}

/** The tests of the suite. The npm package also has tests of Surrogate-Control, which the repository has replaced by RFC 9213. */
async function suitesOf(): Promise<Suite[]> {
  return ((await import(pathToFileURL(join(suite, "tests/index.mjs")).href)) as { default: Suite[] }).default;
}

/** A checkout has no packages: this is a copy of it that uses those of this project. The checkout itself is not changed. */
function withPackages(checkout: string): string {
  const copy = join(folder, "suite");
  for (const name of ["test-engine", "tests", "package.json"]) cpSync(join(checkout, name), join(copy, name), { recursive: true });
  symlinkSync(join(HERE, "../../node_modules"), join(copy, "node_modules"));
  return copy;
}

async function startOrigin(port: number): Promise<void> {
  const variables = { npm_config_protocol: "http", npm_config_port: String(port), npm_config_pidfile: join(folder, "origin.pid") };
  const child = spawn(process.execPath, [join(engine, "server/server.mjs")], {
    cwd: suite,
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "ignore"],
  });
  running.push(child);
  await new Promise<void>((ready, failed) => {
    child.stdout.once("data", () => ready());
    child.once("exit", (code) => failed(new Error(`the origin of the suite ended with ${code}`)));
  });
  child.stdout.resume();
}

function runClient(base: string): Promise<string> {
  const variables = { npm_config_base: base, npm_config_id: values.id, npm_package_config_id: "" };
  const child = spawn(process.execPath, ["--no-warnings", join(engine, "cli.mjs")], {
    cwd: suite,
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.push(child);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((done, failed) => {
    child.once("error", failed);
    child.once("close", () => done(output));
  });
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}
