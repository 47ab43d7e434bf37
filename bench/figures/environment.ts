// The machine that the figures come from.
import { readFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import workerd from "workerd";

export interface Environment {
  readonly date: string; // ISO 8601
  readonly machine: string;
  readonly cores: number;
  readonly kernel: string;
  readonly node: string;
  readonly workerd: string;
  readonly connections: number;
  readonly seconds: number;
  readonly loadAverage: number; // average of the last minute
  readonly stealShare: number; // in [0, 1]; time that other machines on the same host took, during the run
}

export function describeEnvironment(connections: number, seconds: number): Omit<Environment, "stealShare"> {
  return {
    date: new Date().toISOString(),
    machine: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    kernel: release(),
    node: process.versions.node,
    workerd: workerd.version,
    connections,
    seconds,
    loadAverage: loadavg()[0]!,
  };
}

interface Times {
  readonly stolen: number;
  readonly all: number;
}

/** Without an argument: the counters now. With it: the share since. */
export function stealShare(): Times;
export function stealShare(since: Times): number;
export function stealShare(since?: Times): Times | number {
  const fields = readFileSync("/proc/stat", "utf8").split("\n")[0]!.trim().split(/\s+/).slice(1, 9).map(Number);
  const now = { stolen: fields[7] ?? 0, all: fields.reduce((sum, field) => sum + field, 0) };
  return since === undefined ? now : (now.stolen - since.stolen) / Math.max(1, now.all - since.all);
}
