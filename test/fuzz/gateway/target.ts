// Requests made of mutated bytes, through the whole gateway in workerd: refusals are typed, and no 5xx is the gateway's own.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Running, start } from "../../../bench/workerd.ts";
import { statusBytes } from "../../faults/amplification/measure.ts";
import { BrokenPromise, type Target } from "../target.ts";
import { joinCases } from "./case.ts";

/** Resident memory that a run may need beside what the first requests need. */
const MAX_GROWTH_BYTES = 384 * 1_048_576;
const SET = "test/differential/differential.binpb";
let gateway: Running | undefined;
let firstBytes: number | undefined;
let log: string[] = [];

export const gatewayTarget: Target = {
  name: "gateway",
  async start() {
    const folder = mkdtempSync(join(tmpdir(), "tidegate-fuzz-"));
    const subject = {
      entry: "test/support/fuzz/gateway.ts",
      about: "",
      variables: { VALUES: readFileSync(SET).toString("base64") },
      prepare: () => Promise.reject(new Error("no load")),
    };
    gateway = await start(folder, subject, { upstreamPort: 1, cpu: 0, v8Flags: [], onLog: (line) => void log.push(line) });
    firstBytes = undefined;
    log = [];
    return () => {
      gateway?.stop();
      rmSync(folder, { recursive: true, force: true });
    };
  },
  run: (bytes) => runAll([bytes]).then(throwFailure),
  runAll,
};

async function runAll(inputs: readonly Buffer[]): Promise<{ readonly at: number; readonly error: unknown } | undefined> {
  const { origin, pid } = gateway!;
  const response = await fetch(origin, { method: "POST", body: joinCases(inputs) });
  const text = await response.text();
  if (response.status !== 200)
    throw new BrokenPromise(`the gateway's process responded with ${response.status}: ${log.slice(-5).join("\n")}`);
  const { at, problem } = JSON.parse(text) as { at?: number; problem?: string };
  if (at !== undefined) return { at, error: new BrokenPromise(problem) };
  firstBytes ??= statusBytes(pid, "VmRSS");
  const grown = statusBytes(pid, "VmRSS") - firstBytes;
  return grown <= MAX_GROWTH_BYTES ? undefined : { at: inputs.length - 1, error: new BrokenPromise(`memory has grown by ${grown} bytes`) };
}

function throwFailure(failure: { readonly error: unknown } | undefined): void {
  if (failure !== undefined) throw failure.error;
}
