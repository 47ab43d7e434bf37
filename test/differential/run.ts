// The same requests to Tidegate and to vanguard-go, and what the upstream behind each has got: npm run test:differential -- --seed 7
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { createFileRegistry, fromBinary, type JsonValue, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { start } from "../../bench/workerd.ts";
import { parseCommand } from "../../cli/command.ts";
import { type DifferentialRequest, requestsOf } from "./requests.ts";

const HERE = import.meta.dirname;
const SERVICE = "differential.v1.Values";
const SET = join(HERE, "differential.binpb");

type Difference = "tidegate_refuses" | "peer_refuses" | "other_message" | "peer_fails" | "tidegate_fails"; // the last one is never listed

/** A family of requests on which the two differ, and the sentence that says who is right. */
interface Known {
  readonly tag: string;
  readonly difference: Difference;
  readonly example: string;
  readonly sentence: string;
}

interface Outcome {
  readonly status: number;
  readonly method: string; // method of the upstream; "" if none was called
  readonly message: JsonValue;
}

const { values } = parseCommand("test:differential", {
  seed: { type: "string", default: "20261128" },
  count: { type: "string", default: "1000" },
});
const [seed, count] = [Number(values.seed), Number(values.count)];
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(count) || count < 1) {
  console.error(`--seed ${values.seed} --count ${values.count}: write whole numbers, the count at least 1`);
  process.exit(2);
}

const go = ["go", "/usr/local/go/bin/go"].find((command) => spawnSync(command, ["version"]).status === 0);
if (go === undefined) {
  console.error("SKIPPED: vanguard-go is written in Go, and there is no `go` here (go.dev/dl, 1.25 or later)");
  process.exit(process.env["TIDEGATE_REQUIRE_ALL"] === "1" ? 1 : 0);
}

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(SET)));
const All = registry.getMessage("differential.v1.All")!;
const known = JSON.parse(readFileSync(join(HERE, "known.json"), "utf8")) as readonly Known[];
const folder = mkdtempSync(join(tmpdir(), "tidegate-differential-"));
const peer = await startPeer(go);
const tidegate = await start(
  join(folder, "tidegate"),
  {
    entry: "test/differential/worker.ts",
    about: "",
    upstreams: ["UPSTREAM"],
    variables: { DESCRIPTORS: readFileSync(SET).toString("base64") },
    prepare: () => ({ method: "GET", path: "/healthz", headers: {} }), // unused: nothing is measured here
  },
  { upstreamPort: peer.upstreamPort, cpu: 0 },
);
try {
  process.exitCode = (await compare()) ? 0 : 1;
} finally {
  tidegate.stop();
  peer.child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

async function compare(): Promise<boolean> {
  console.log(`${count} requests of seed ${seed}, to Tidegate and to vanguard-go v0.4.0`);
  const counts = new Map<string, number>();
  let failed = 0;
  for (const request of requestsOf(seed, count)) {
    const [own, other] = await Promise.all([outcomeOf(tidegate.port, request), outcomeOf(peer.port, request)]);
    const difference = differenceOf(own, other);
    if (difference === undefined) continue;
    const listed = known.find((one) => one.difference === difference && request.tags.includes(one.tag));
    if (listed === undefined) {
      failed += 1;
      const shown = (outcome: Outcome): string => `${outcome.status} ${outcome.method} ${JSON.stringify(outcome.message).slice(0, 200)}`;
      console.log(`NOT LISTED ${difference} [${request.tags.join("; ")}] ${request.method} ${request.path} ${request.body ?? ""}`);
      console.log(`    Tidegate ${shown(own)}\n    vanguard ${shown(other)}`);
    } else {
      const name = `${listed.tag} (${difference})`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  const total = [...counts.values()].reduce((sum, one) => sum + one, 0);
  console.log(`${total} differences, each listed in test/differential/known.json:`);
  for (const [name, times] of [...counts].sort()) console.log(`${String(times).padStart(4)}  ${name}`);
  console.log(`${count - failed} passed, ${failed} failed`);
  return failed === 0;
}

function differenceOf(own: Outcome, other: Outcome): Difference | undefined {
  const [isOwn, isOther] = [own.status === 200, other.status === 200];
  if (own.status >= 500 || own.status < 200) return "tidegate_fails"; // a mistake of the caller is never one of the gateway
  if (!isOwn && !isOther) return undefined;
  if (!isOwn) return "tidegate_refuses";
  if (!isOther) return other.status >= 400 && other.status < 500 ? "peer_refuses" : "peer_fails";
  return own.method === other.method && isDeepStrictEqual(own.message, other.message) ? undefined : "other_message";
}

/** A connection that is broken off has the status 0: so ends a panic of vanguard-go. */
function outcomeOf(port: number, request: DifferentialRequest): Promise<Outcome> {
  return outcomeAt(port, request).catch(() => ({ status: 0, method: "", message: null }));
}

async function outcomeAt(port: number, { method, path, body }: DifferentialRequest): Promise<Outcome> {
  const init = { method, ...(body === undefined ? {} : { body, headers: { "content-type": "application/json" } }) };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  await response.arrayBuffer();
  const recorded = response.headers.get("x-recorded");
  const called = response.headers.get("x-recorded-method") ?? "";
  if (response.status !== 200 || recorded === null)
    return { status: response.status === 200 ? 0 : response.status, method: called, message: null };
  return { status: 200, method: called, message: messageIn(Buffer.from(recorded, "base64")) };
}

/** The message as JSON; as it is where it has none. */
function messageIn(bytes: Uint8Array): JsonValue {
  try {
    return toJson(All, fromBinary(All, bytes), { registry });
  } catch {
    return Buffer.from(bytes).toString("base64");
  }
}

async function startPeer(command: string): Promise<{ child: ChildProcess; port: number; upstreamPort: number }> {
  const binary = join(folder, "peer");
  const built = spawnSync(command, ["build", "-o", binary, "."], { cwd: join(HERE, "go"), encoding: "utf8" });
  if (built.status !== 0) throw new Error(`vanguard-go could not be built: ${built.stderr}`);
  const child = spawn(binary, [SET, SERVICE], { stdio: ["pipe", "pipe", "ignore"] });
  const [line] = (await new Promise((resolve, reject) => {
    createInterface(child.stdout!).once("line", (text) => resolve(text.split(" ")));
    child.once("exit", (code) => reject(new Error(`vanguard-go ended with ${code}`)));
  }).then((ports) => [ports as string[]])) as [string[]];
  return { child, port: Number(line[0]), upstreamPort: Number(line[1]) };
}
