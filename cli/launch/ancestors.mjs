// Detects that the command that started this process has ended. npm starts a shell, which starts this process; neither forwards all
// signals.
import { readFileSync } from "node:fs";

const POLL_MS = 500;

/**
 * Calls back once when the parent of this process, or the npm above it, has ended. Does nothing where npm did not start this process:
 * then it may outlive its shell.
 *
 * @param {() => void} ended
 */
export function watchAncestors(ended) {
  if (process.env["npm_lifecycle_event"] === undefined || process.platform === "win32") return;
  const parent = process.ppid;
  const above = parentOf(parent);
  const npm = above !== undefined && /\b(npm|pnpm|yarn|bun)\b/.test(commandOf(above)) ? above : undefined;
  const timer = setInterval(() => {
    if (process.ppid === parent && (npm === undefined || isThere(npm))) return;
    clearInterval(timer);
    ended();
  }, POLL_MS);
  timer.unref();
}

/** @param {number} pid */
function isThere(pid) {
  try {
    process.kill(pid, 0);
    return !/^\S+ \(.*\) Z/.test(read(`/proc/${pid}/stat`)); // a process that has ended stays listed until its parent has read its status
  } catch {
    return false;
  }
}

/** @param {number} pid */
function parentOf(pid) {
  const stat = read(`/proc/${pid}/stat`);
  const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]); // the field before it is a name, which may contain spaces
  return parent > 1 ? parent : undefined;
}

/** @param {number} pid */
function commandOf(pid) {
  return read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
}

/**
 * @param {string} file
 * @returns {string} "" where it cannot be read: without /proc (not Linux), only the parent is watched
 */
function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
