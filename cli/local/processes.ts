// Keeps processes from outliving those that they belong to: the runtime this command, and this command the one that started it.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const LOOK_EVERY_MS = 500;

export interface Guard {
  /** Tells the watchdog which processes this one has now. */
  update(): void;
  stop(): void;
}

/** Starts a process that ends this one's children when this one is gone, even by SIGKILL. It ends itself then. */
export function guardChildren(): Guard {
  const watchdog: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, "watchdog.mjs")], {
    detached: true, // a signal to the group of the terminal does not reach it
    stdio: ["pipe", "ignore", "ignore"],
  });
  watchdog.unref();
  watchdog.on("error", () => undefined);
  watchdog.stdin?.on("error", () => undefined);
  let known = "";
  const update = (): void => {
    const children = childrenOf(process.pid)
      .filter((pid) => pid !== watchdog.pid)
      .join(" ");
    if (children !== known) watchdog.stdin?.write(`${children}\n`);
    known = children;
  };
  const timer = setInterval(update, LOOK_EVERY_MS);
  timer.unref();
  return {
    update,
    stop() {
      clearInterval(timer);
      watchdog.stdin?.end();
    },
  };
}

function childrenOf(parent: number): number[] {
  try {
    if (existsSync("/proc/self/stat")) {
      return readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name) && parentOf(Number(name)) === parent)
        .map(Number);
    }
    if (process.platform === "win32") return [];
    const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
    return lines.map((line) => line.trim().split(/\s+/).map(Number)).flatMap(([pid, ppid]) => (ppid === parent ? [pid!] : []));
  } catch {
    return [];
  }
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]); // the name before it may hold spaces
  } catch {
    return undefined; // it has ended meanwhile
  }
}

/** Calls `gone` when the command that started this one (`cli/run.mjs`) is gone. Started by hand, this process may outlive its shell. */
export function watchLauncher(gone: () => void): void {
  const launcher = Number(process.env["TIDEGATE_LAUNCHER"]);
  if (launcher !== process.ppid) return;
  setInterval(() => {
    if (process.ppid !== launcher) gone();
  }, LOOK_EVERY_MS).unref();
}
