// Ends the processes of the runtime when the process that started them has ended: its end of the pipe is closed then.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

let text = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
  text += chunk;
});
process.stdin.on("end", () => {
  const last = text.trim().split("\n").at(-1) ?? "";
  for (const pid of last.split(" ").map(Number)) if (pid > 0 && isRuntime(pid)) process.kill(pid, "SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);

/**
 * A process id may belong to another process by now.
 *
 * @param {number} pid
 */
function isRuntime(pid) {
  try {
    return commandOf(pid).includes("workerd");
  } catch {
    return false;
  }
}

/** @param {number} pid */
function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  }
}
