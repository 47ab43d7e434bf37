// Installs what package-lock.json lists, once, for all commands that are started at the same time. Plain JavaScript: it runs on Node 20.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 100;
const HEARTBEAT_MS = 5_000; // the owner of the lock touches it this often
const STALE_AFTER_MS = 120_000; // a lock that is not touched for so long belongs to a process that has ended, whatever its id says
const GUARD_STALE_AFTER_MS = 10_000; // the guard is held for microseconds
const REMIND_MS = 15_000;
const INSTALL = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];

/**
 * Whether node_modules is what package-lock.json lists, by content: times differ in copies and checkouts.
 * An install by this file leaves the hash of the lock file. One by `npm ci` or `npm install` is compared with npm's own record.
 *
 * @param {string} root folder of package.json
 */
export function isInstalled(root) {
  const lockText = readFileSync(join(root, "package-lock.json"), "utf8");
  if (readIfThere(stampOf(root)) !== undefined) return hasStamp(root);
  const record = readIfThere(recordOf(root));
  // npm writes its record before the end of an install; one that is under way, or was cut short, has a lock.
  if (record === undefined || existsSync(lockOf(root))) return false;
  const wanted = requiredPackages(lockText);
  const installed = new Map(requiredPackages(record).map(([path, { version, integrity }]) => [path, `${version} ${integrity}`]));
  const isSame = wanted.every(([path, { version, integrity }]) => installed.get(path) === `${version} ${integrity}`);
  return isSame && [...wanted, ...packagesOfPlatform(lockText)].every(([path]) => existsSync(join(root, path)));
}

/** @param {string} root @returns {boolean} whether an installation by this file has succeeded, and no package is missing since */
function hasStamp(root) {
  const lockText = readFileSync(join(root, "package-lock.json"), "utf8");
  if (readIfThere(stampOf(root)) !== fingerprint(lockText)) return false;
  return requiredPackages(lockText).every(([path]) => existsSync(join(root, path)));
}

/**
 * Installs, or waits until another command has installed.
 *
 * @param {string} root folder of package.json
 * @param {(text: string) => void} say receives one line for the person at the terminal
 * @returns {Promise<number>} 0, or the exit code of `npm ci`
 */
export async function install(root, say) {
  const folder = join(root, "node_modules");
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) {
    // `npm ci` would empty the folder that the link leads to.
    throw new Error(
      `node_modules: found a link to ${realpathSync(folder)}, which is not what package-lock.json lists; run \`npm ci\` there`,
    );
  }
  const lock = lockOf(root);
  await acquire(lock, say);
  if (hasStamp(root)) {
    rmSync(lock, { force: true });
    return 0; // the command that had the lock before has installed
  }
  const beat = setInterval(() => touch(lock), HEARTBEAT_MS);
  try {
    rmSync(stampOf(root), { force: true }); // an install that is interrupted leaves neither of them
    rmSync(recordOf(root), { force: true });
    say("installing what package-lock.json lists (once, about a minute) ...");
    const code = await npm(root, lock);
    if (code === 0) writeWhole(stampOf(root), fingerprint(readFileSync(join(root, "package-lock.json"), "utf8")));
    else rmSync(recordOf(root), { force: true });
    return code;
  } finally {
    clearInterval(beat);
    rmSync(lock, { force: true });
  }
}

/** @param {string} root */
const lockOf = (root) => join(root, ".install-lock");
/** @param {string} root */
const stampOf = (root) => join(root, "node_modules", ".tidegate-installed");
/** @param {string} root npm writes this file last */
const recordOf = (root) => join(root, "node_modules", ".package-lock.json");

/** @param {string} lockText packages with binaries differ by platform, so it belongs to the hash */
const fingerprint = (lockText) => `${createHash("sha256").update(lockText).digest("hex")} ${process.platform} ${process.arch}\n`;

/**
 * @typedef {{ optional?: boolean, version?: string, integrity?: string, os?: string[], cpu?: string[], libc?: string[] }} Entry
 * @param {string} lockText @returns {[path: string, entry: Entry][]}
 */
function packagesOf(lockText) {
  return Object.entries(JSON.parse(lockText).packages ?? {}).filter(([path]) => path !== "");
}

/** @param {string} lockText those that every platform needs */
const requiredPackages = (lockText) => packagesOf(lockText).filter(([, { optional }]) => !optional);

/** @param {string} lockText binaries for this platform: they are missing where node_modules was copied from another one */
const packagesOfPlatform = (lockText) =>
  packagesOf(lockText).filter(
    ([, { optional, os, cpu, libc }]) => optional && os?.includes(process.platform) && cpu?.includes(process.arch) && libc === undefined,
  );

/** @param {string} root @param {string} lock @returns {Promise<number>} */
function npm(root, lock) {
  return new Promise((resolve) => {
    const child = spawn("npm", INSTALL, { cwd: root, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
    if (child.pid !== undefined) writeWhole(lock, ownership(child.pid));
    const forward = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
    for (const signal of SIGNALS) process.on(signal, forward);
    const end = (/** @type {number} */ code) => {
      for (const signal of SIGNALS) process.off(signal, forward);
      resolve(code);
    };
    child.on("error", () => end(127));
    child.on("exit", (code, signal) => end(code ?? (signal === "SIGINT" ? 130 : 143)));
  });
}

/** @type {readonly NodeJS.Signals[]} */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** @param {number} [npmPid] npm outlives a command that is killed without a chance to stop it, so the lock names both */
const ownership = (npmPid) => JSON.stringify({ host: hostname(), pids: npmPid === undefined ? [process.pid] : [process.pid, npmPid] });

/** @param {string} lock @param {(text: string) => void} say */
async function acquire(lock, say) {
  let remindAt = 0;
  for (;;) {
    try {
      writeFileSync(lock, ownership(), { flag: "wx" });
      return;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    }
    const owner = readIfThere(lock);
    if (owner === undefined) continue; // released meanwhile
    if (isStale(lock, owner)) {
      takeOver(lock, owner, say);
      continue;
    }
    if (Date.now() >= remindAt) say(`${describe(owner)} is installing; waiting for it (its lock is ${lock}) ...`);
    remindAt = Date.now() >= remindAt ? Date.now() + REMIND_MS : remindAt;
    await sleep(POLL_MS);
  }
}

/** @param {string} owner */
function parseOwner(owner) {
  try {
    const { host, pids } = JSON.parse(owner);
    if (typeof host === "string" && Array.isArray(pids) && pids.every(Number.isInteger))
      return { host, pids: /** @type {number[]} */ (pids) };
  } catch {} // cut short: its writer was killed, or has not finished
  return undefined;
}

/** @param {string} owner */
const describe = (owner) => `process ${parseOwner(owner)?.pids[0] ?? "of unknown id"}`;

/** @param {string} lock @param {string} owner */
function isStale(lock, owner) {
  const parsed = parseOwner(owner);
  if (parsed?.host === hostname() && !parsed.pids.some(isAlive)) return true;
  const touchedAt = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  return touchedAt !== undefined && Date.now() - touchedAt > STALE_AFTER_MS;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM"; // alive, and another user's
  }
}

/**
 * Removes the lock of a process that has ended. The guard keeps two commands from doing so at once: the second would remove
 * the first one's new lock. That lock is empty for a moment, so its time is compared again, too.
 *
 * @param {string} lock @param {string} owner what stood in the lock when it was found stale @param {(text: string) => void} say
 */
export function takeOver(lock, owner, say) {
  const guard = `${lock}-takeover`;
  try {
    mkdirSync(guard);
  } catch {
    const madeAt = statSync(guard, { throwIfNoEntry: false })?.mtimeMs;
    if (madeAt !== undefined && Date.now() - madeAt > GUARD_STALE_AFTER_MS) rmSync(guard, { recursive: true, force: true });
    return;
  }
  try {
    if (readIfThere(lock) !== owner || !isStale(lock, owner)) return;
    say(`${describe(owner)} has ended in the middle of its installation; taking over`);
    rmSync(lock, { force: true });
  } finally {
    rmSync(guard, { recursive: true, force: true });
  }
}

/** @param {string} lock */
function touch(lock) {
  try {
    const now = new Date();
    utimesSync(lock, now, now);
  } catch {} // removed by hand: the installation goes on
}

/** @param {string} file @param {string} text written beside, then renamed: a reader sees all of it or nothing */
function writeWhole(file, text) {
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, text);
  renameSync(beside, file);
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return undefined;
    throw error;
  }
}
