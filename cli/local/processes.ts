// Ends processes with the one that they belong to: the runtime with this command, and this command with its launcher.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const POLL_MS = 500;

export interface ChildGuard {
  /** Sends the ids of all current child processes to the watchdog. */
  update(): void;
  stop(): void;
}

/** Starts a watchdog process. When this process has ended, even by SIGKILL, it ends the children of this process, then itself. */
export function guardChildren(): ChildGuard {
  const watchdog: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, "watchdog.mjs")], {
    detached: true, // a signal to the group of the terminal does not reach it
    stdio: ["pipe", "ignore", "ignore"],
  });
  watchdog.unref();
  watchdog.on("error", () => undefined);
  watchdog.stdin?.on("error", () => undefined);
  let sent = "";
  const update = (): void => {
    const children = childrenOf(process.pid)
      .filter((pid) => pid !== watchdog.pid)
      .join(" ");
    if (children !== sent) watchdog.stdin?.write(`${children}\n`);
    sent = children;
  };
  const timer = setInterval(update, POLL_MS);
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
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]); // the field before it is a name, which may contain spaces
  } catch {
    return undefined; // it has ended meanwhile
  }
}

/** Calls `ended` when the launcher (`cli/run.mjs`) has ended. Without a launcher, this process may outlive its shell. */
export function watchLauncher(ended: () => void): void {
  const launcher = Number(process.env["TIDEGATE_LAUNCHER"]);
  if (launcher !== process.ppid) return;
  setInterval(() => {
    if (process.ppid !== launcher) ended();
  }, POLL_MS).unref();
}
