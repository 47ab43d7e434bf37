// What the kernel has counted for a process: processor time and resident memory.
import { readdirSync, readFileSync } from "node:fs";

const TICK_MICROS = 10_000; // USER_HZ is 100 on every Linux that matters here

/** User and system time of all threads of a process so far, µs: exact where the kernel counts it for its scheduler, else in steps of 10 ms. */
export function cpuMicros(pid: number): number {
  try {
    let nanos = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanos += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    }
    if (nanos > 0) return nanos / 1_000;
  } catch {
    // A kernel without CONFIG_SCHED_INFO, or a thread that has just ended.
  }
  return cpuMicrosOf(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

/** @see proc(5), /proc/pid/stat: fields 14 and 15; the name in field 2 may hold anything */
export function cpuMicrosOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
}

/** Resident memory, MiB. */
export function rssMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib ?? 0) / 1024;
}
