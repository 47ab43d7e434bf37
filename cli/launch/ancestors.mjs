// Sees when the command that started this process is gone. npm starts a shell, which starts this: neither passes every signal on.
import { readFileSync } from "node:fs";

const LOOK_EVERY_MS = 500;

/**
 * Calls back once when the parent of this process is gone, or the npm above it. Does nothing where npm did not start this process:
 * by hand it may outlive its shell.
 *
 * @param {() => void} gone
 */
export function watchAncestors(gone) {
  if (process.env["npm_lifecycle_event"] === undefined || process.platform === "win32") return;
  const parent = process.ppid;
  const above = parentOf(parent);
  const npm = above !== undefined && /\b(npm|pnpm|yarn|bun)\b/.test(commandOf(above)) ? above : undefined;
  const timer = setInterval(() => {
    if (process.ppid === parent && (npm === undefined || isThere(npm))) return;
    clearInterval(timer);
    gone();
  }, LOOK_EVERY_MS);
  timer.unref();
}

/** @param {number} pid */
function isThere(pid) {
  try {
    process.kill(pid, 0);
    return !/^\S+ \(.*\) Z/.test(read(`/proc/${pid}/stat`)); // a process that has ended stays listed until its parent looks
  } catch {
    return false;
  }
}

/** @param {number} pid */
function parentOf(pid) {
  const stat = read(`/proc/${pid}/stat`);
  const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]); // the name before it may hold spaces
  return parent > 1 ? parent : undefined;
}

/** @param {number} pid */
function commandOf(pid) {
  return read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
}

/**
 * @param {string} file
 * @returns {string} "" where it cannot be read: off Linux there is no /proc, and only the parent is watched
 */
function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
