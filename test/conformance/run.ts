// npm run test:conformance: the suite of connectrpc.com/conformance, against the service host, the gateway and its transport.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { parseCommand } from "../../cli/command.ts";

const VERSION = "v1.0.5";
const HERE = import.meta.dirname;
const CACHE = join(HERE, "../../node_modules/.cache/tidegate/conformance");
const BIN = join(CACHE, VERSION);

interface Part {
  readonly about: string;
  readonly mode: "server" | "client";
  readonly worker: string;
  readonly config?: string; // features passed to the suite; default: those of the mode
  readonly protocol?: "both" | "connect" | "grpc_web" | "grpc"; // only if the reference server is behind the gateway
}

const PARTS: Readonly<Record<string, Part>> = {
  a: { about: "service host", mode: "server", worker: "service" },
  b: { about: "gateway, passing through", mode: "server", worker: "gateway", protocol: "both" },
  c1: { about: "gateway, upstream speaks gRPC-Web", mode: "server", worker: "gateway", protocol: "grpc_web" },
  c2: { about: "gateway, upstream speaks Connect", mode: "server", worker: "gateway", protocol: "connect" },
  c3: { about: "gateway, upstream speaks native gRPC", mode: "server", worker: "gateway", protocol: "grpc", config: "native-grpc" },
  d: { about: "client transport", mode: "client", worker: "client" },
  e: { about: "client transport, to a pool", mode: "client", worker: "pooled-client" },
};

const { values } = parseCommand("test:conformance", {
  only: { type: "string" },
  run: { type: "string" },
  verbose: { type: "boolean", default: false },
});
const chosen = values.only?.split(",") ?? Object.keys(PARTS);
const unknown = chosen.find((name) => PARTS[name] === undefined);
if (unknown !== undefined) {
  console.error(`--only ${unknown}: there is no such part; there are ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}

const { TIDEGATE_REQUIRE_ALL: required } = process.env;
const go = ["go", "/usr/local/go/bin/go"].find((command) => spawnSync(command, ["version"]).status === 0);
if (go === undefined && !existsSync(join(BIN, "connectconformance"))) {
  console.error("SKIPPED: the conformance suite is written in Go, and there is no `go` here (go.dev/dl, 1.24 or later)");
  process.exit(required === "1" ? 1 : 0);
}
for (const command of ["connectconformance", "referenceserver"]) install(command);
mkdirSync(CACHE, { recursive: true });

let passed = 0;
let failed = 0;
for (const name of chosen) {
  const part = PARTS[name]!;
  const result = await run(name, part);
  passed += result.passed;
  failed += result.total - result.passed;
  console.log(`${result.ok ? "ok    " : "FAILED"} ${name.padEnd(3)} ${part.about.padEnd(36)} ${result.passed}/${result.total}`);
}
console.log(`${passed} passed, ${failed} failed`);

async function run(name: string, { mode, worker, protocol, config: suited = mode }: Part) {
  const bundle = join(CACHE, `${worker}.js`);
  await build({
    entryPoints: [join(HERE, "workers", `${worker}.ts`)],
    outfile: bundle,
    bundle: true,
    format: "esm",
    target: "es2024",
    platform: "neutral",
    external: ["cloudflare:*"],
    logLevel: "error",
  });
  const launcher = [process.execPath, join(HERE, `${mode}.ts`), bundle];
  const behind = protocol === undefined ? [] : [join(BIN, "referenceserver"), protocol];
  const listed = ["known-failing", "known-flaky"].flatMap((list) => {
    const file = join(HERE, "lists", `${name}.${list}.txt`);
    return existsSync(file) ? [`--${list}`, `@${file}`] : [];
  });
  const pattern = values.run === undefined ? [] : ["--run", values.run];
  const config = join(HERE, `${suited}.yaml`);
  const args = ["--mode", mode, "--conf", config, ...listed, ...pattern, ...(values.verbose ? ["-v"] : []), "--", ...launcher, ...behind];
  const child = spawn(join(BIN, "connectconformance"), args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const pipe of [child.stdout, child.stderr]) {
    pipe.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (values.verbose) process.stderr.write(chunk);
    });
  }
  const status = await new Promise((resolve) => child.on("close", resolve));
  const ok = status === 0;
  const total = Number(/Total cases: (\d+)/.exec(said)?.[1] ?? 0);
  const counted = Number(/(\d+) passed/.exec(said)?.[1] ?? 0);
  if (!ok || total === 0) {
    process.exitCode = 1;
    if (!values.verbose) console.error(said.split("\n").slice(-200).join("\n"));
  }
  for (const line of reasons(name)) console.log(`       ${name} known to fail: ${line}`);
  return { ok: ok && total > 0, passed: counted, total: Math.max(total, 1) };
}

/** A list of cases known to fail holds the reason of each behind a `#`. */
function reasons(name: string): string[] {
  const file = join(HERE, "lists", `${name}.known-failing.txt`);
  return existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "")
    : [];
}

/** Built once, from the module proxy that Go is set to. */
function install(command: string): void {
  if (existsSync(join(BIN, command))) return;
  console.error(`building ${command} ${VERSION} (once, about a minute) ...`);
  const source = `connectrpc.com/conformance/cmd/${command}@${VERSION}`;
  const { status } = spawnSync(go!, ["install", source], { env: { ...process.env, GOBIN: BIN }, stdio: ["ignore", 2, 2] });
  if (status === 0) return;
  console.error(`\`go install ${source}\` failed (see above). Needed: Go 1.24 or later, and a Go module proxy.`);
  process.exit(1);
}
