// What one request makes the gateway's process do: bytes sent, memory at its peak, processor time.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type FaultBench, startFaultBench } from "../bench.ts";
import { type Answer, exchange } from "../wire.ts";
import type { AmplificationCase } from "./cases.ts";

export interface Amplification {
  readonly status: number;
  readonly receivedBytes: number; // the request, as sent over the socket
  readonly inflatedBytes: number;
  readonly sentBytes: number; // the response, its head included
  readonly heldBytes: number; // growth of resident memory at its peak
  readonly cpuNanosPerByte: number; // beyond the same call with an empty body, per byte after inflation
}

const MIN_CALLS = 3;
const MAX_CALLS = 40;
const ENOUGH_NANOS = 300_000_000;

/** Processor time of all threads, ns. @see proc(5), /proc/pid/task/tid/schedstat */
export function cpuNanos(pid: number): number {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // The thread has ended.
    }
  }
  return sum;
}

export function statusBytes(pid: number, field: "VmRSS" | "VmHWM"): number {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) * 1_024;
}

/** Resets the peak of the resident memory to what is resident now. @see proc(5), /proc/pid/clear_refs */
function resetPeak(pid: number): number {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
  return statusBytes(pid, "VmRSS");
}

const call = ({ gateway: { port } }: FaultBench, bytes: Buffer): Promise<Answer> => exchange(port, [bytes], { waitMs: 300_000 });

export async function measure(bench: FaultBench, one: AmplificationCase): Promise<Amplification> {
  const { send, empty, inflatedBytes } = one;
  const { pid } = bench.gateway;
  const heldBytes = await heldBy(one);
  for (let n = 0; n < MIN_CALLS; n++) await call(bench, empty);
  const { status, head, body } = await call(bench, send);
  const [full, base] = [await cpuPerCall(pid, () => call(bench, send)), await cpuPerCall(pid, () => call(bench, empty))];
  const cpuNanosPerByte = Math.max(0, full - base) / inflatedBytes;
  return { status, receivedBytes: send.length, inflatedBytes, sentBytes: head.length + 4 + body.length, heldBytes, cpuNanosPerByte };
}

/** Growth at the peak of one call, in a new gateway that collects garbage at once: what is held, and not what was let go. */
async function heldBy({ send, empty }: AmplificationCase): Promise<number> {
  const bench = await startFaultBench({ v8Flags: ["--gc-global", "--max-semi-space-size=1"] });
  try {
    const { pid } = bench.gateway;
    for (let n = 0; n < MIN_CALLS; n++) await call(bench, empty);
    const before = resetPeak(pid);
    await call(bench, send);
    return Math.max(0, statusBytes(pid, "VmHWM") - before);
  } finally {
    bench.stop();
  }
}

async function cpuPerCall(pid: number, call: () => Promise<unknown>): Promise<number> {
  const before = cpuNanos(pid);
  for (let calls = 1; ; calls++) {
    await call();
    const used = cpuNanos(pid) - before;
    if (calls >= MAX_CALLS || (calls >= MIN_CALLS && used > ENOUGH_NANOS)) return used / calls;
  }
}
