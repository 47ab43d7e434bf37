// `npm run X` on a fresh clone, with the real npm: many commands install once, and an interrupted installation is repeated.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { takeOver } from "../../../cli/launch/install.mjs";

let root: string;
const running: ChildProcess[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tidegate-install-"));
  cpSync("cli/run.mjs", join(root, "cli/run.mjs"));
  cpSync("cli/launch", join(root, "cli/launch"), { recursive: true });
  mkdirSync(join(root, "cli/usage"));
  mkdirSync(join(root, "dependency"));
  writeFileSync(join(root, "cli/tool.mjs"), 'console.log("tool", ...process.argv.slice(2));');
  writeFileSync(join(root, "cli/usage/tool.txt"), "usage: npm run tool\n");
  writeFileSync(join(root, "dependency/package.json"), '{ "name": "dependency", "version": "1.0.0" }');
  lock("1.0.0", 0);
});

afterEach(() => {
  for (const child of running.splice(0)) if (child.exitCode === null && child.pid !== undefined) kill(child.pid);
  rmSync(root, { recursive: true, force: true });
});

/** A project with one dependency, whose installation takes `seconds` and adds a line to installed.txt. */
function lock(version: string, seconds: number): void {
  const record = `require("fs").appendFileSync("installed.txt","x\\\\n")`;
  const hook = `node -e 'require("fs").appendFileSync("begun.txt","x\\\\n");setTimeout(()=>${record},${seconds * 1_000})'`.replaceAll(
    "\\\\n",
    "\\n",
  );
  const manifest = {
    name: "project",
    version,
    scripts: { tool: "node cli/run.mjs cli/tool.mjs", postinstall: hook },
    dependencies: { dependency: "file:dependency" },
  };
  writeFileSync(join(root, "package.json"), JSON.stringify(manifest));
  const { scripts: _, ...rest } = manifest;
  const packages = {
    "": { ...rest, hasInstallScript: true },
    dependency: { version: "1.0.0" },
    "node_modules/dependency": { resolved: "dependency", link: true },
  };
  writeFileSync(
    join(root, "package-lock.json"),
    JSON.stringify({ name: "project", version, lockfileVersion: 3, requires: true, packages }),
  );
}

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
  stderr: string;
}

/** Its own process group, so that a test can end npm and what npm has started together with it. */
function run(...args: string[]): Run {
  const child = spawn(process.execPath, ["cli/run.mjs", "cli/tool.mjs", ...args], { cwd: root, detached: true });
  running.push(child);
  let stdout = "";
  const handle: Run = {
    child,
    stderr: "",
    ended: new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr: handle.stderr }))),
  };
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    handle.stderr += chunk.toString();
  });
  return handle;
}

function kill(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {} // it has ended
}

const lines = (file: string): number =>
  existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8").split("\n").filter(Boolean).length : 0;

async function until(isTrue: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 60_000; !isTrue(); await new Promise((soon) => setTimeout(soon, 20)))
    if (Date.now() > deadline) throw new Error("waited for a minute in vain");
}

describe("npm run X on a fresh clone", () => {
  it("installs once, and not again", async () => {
    expect(await run("a").ended).toMatchObject({ code: 0, stdout: "tool a\n" });
    expect(await run("b").ended).toMatchObject({ code: 0, stdout: "tool b\n", stderr: "" });
    expect(lines("installed.txt")).toBe(1);
  }, 600_000);

  it("installs once for commands that start together, and the others say that they wait", async () => {
    lock("1.0.0", 3);
    const first = run("1");
    await until(() => lines("begun.txt") === 1);
    const others = [run("2"), run("3"), run("4")];
    const results = await Promise.all([first, ...others].map(({ ended }) => ended));
    expect(results.map(({ code, stdout }) => [code, stdout])).toEqual([1, 2, 3, 4].map((number) => [0, `tool ${number}\n`]));
    for (const { stderr } of results.slice(1)) expect(stderr).toMatch(/^tidegate: process \d+ is installing; waiting for it /);
    expect(lines("installed.txt")).toBe(1);
    expect(existsSync(join(root, ".install-lock"))).toBe(false);
  }, 600_000);

  it.each(["SIGKILL", "SIGTERM", "SIGINT"] as const)(
    "takes over from a command that %s has ended, and installs again",
    async (signal) => {
      lock("1.0.0", 600);
      const first = run("1");
      await until(() => lines("begun.txt") === 1);
      process.kill(-first.child.pid!, signal); // signals npm too, like Ctrl-C in a terminal
      expect((await first.ended).stdout).toBe("");
      lock("1.0.0", 0);
      const second = await run("2").ended;
      expect(second).toMatchObject({ code: 0, stdout: "tool 2\n" });
      if (signal === "SIGKILL") expect(second.stderr).toMatch(/process \d+ has ended in the middle of its installation; taking over/);
      expect(lines("installed.txt")).toBe(1);
    },
    600_000,
  );

  it("waits for the npm of a command that was killed alone", async () => {
    lock("1.0.0", 3);
    const first = run("1");
    await until(() => lines("begun.txt") === 1);
    first.child.kill("SIGKILL");
    expect(await run("2").ended).toMatchObject({ code: 0, stdout: "tool 2\n" });
    expect(lines("begun.txt")).toBe(lines("installed.txt")); // none was interrupted
  }, 600_000);

  it("hands on the exit code of an installation that fails, and tries again next time", async () => {
    writeFileSync(
      join(root, "package.json"),
      readFileSync(join(root, "package.json"), "utf8").replace("setTimeout(", "process.exit(3);setTimeout("),
    );
    const failed = await run("1").ended;
    expect(failed.code).not.toBe(0);
    expect(failed.stderr).toContain("`npm ci` failed (see above)");
    lock("1.0.0", 0);
    expect(await run("2").ended).toMatchObject({ code: 0, stdout: "tool 2\n" });
  }, 600_000);
});

describe("what counts as installed", () => {
  it("depends on content, not on times: a copy, a checkout, a touched lock file", async () => {
    await run("1").ended;
    const copy = `${root}-copy`;
    try {
      cpSync(root, copy, { recursive: true, verbatimSymlinks: true });
      const later = new Date(Date.now() + 3_600_000);
      utimesSync(join(copy, "package-lock.json"), later, later);
      const stdout = execFileSync(process.execPath, [join(copy, "cli/run.mjs"), "cli/tool.mjs", "copied"], { encoding: "utf8" });
      expect(stdout).toBe("tool copied\n");
      expect(readFileSync(join(copy, "installed.txt"), "utf8")).toBe("x\n");
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  }, 600_000);

  it("is not what another lock file lists, though node_modules is newer than it", async () => {
    await run("1").ended;
    lock("1.0.1", 0);
    const past = new Date(Date.now() - 3_600_000);
    utimesSync(join(root, "package-lock.json"), past, past);
    expect(await run("2").ended).toMatchObject({ code: 0, stdout: "tool 2\n" });
    expect(lines("installed.txt")).toBe(2);
  }, 600_000);

  it("is what `npm ci` has installed by itself", async () => {
    execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: root, stdio: "ignore", shell: process.platform === "win32" });
    expect(await run("1").ended).toMatchObject({ code: 0, stderr: "" });
    expect(lines("installed.txt")).toBe(1);
  }, 600_000);

  it("is not a node_modules that misses a package, or was made for another platform", async () => {
    await run("1").ended;
    rmSync(join(root, "node_modules/dependency"), { recursive: true });
    await run("2").ended;
    expect(lines("installed.txt")).toBe(2);
    writeFileSync(join(root, "node_modules/.tidegate-installed"), "0123 plan9 pdp11\n");
    await run("3").ended;
    expect(lines("installed.txt")).toBe(3);
  }, 600_000);
});

it("is never installed through a link: npm would empty the folder that it leads to", async () => {
  const elsewhere = join(root, "elsewhere");
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, "precious"), "");
  symlinkSync(elsewhere, join(root, "node_modules"));
  expect(await run("1").ended).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("node_modules: found a link to ") });
  expect(existsSync(join(elsewhere, "precious"))).toBe(true);
}, 600_000);

describe("the lock of an installation", () => {
  it.each([
    ["of a process that has ended", () => ownership(hostname(), endedProcess()), 0],
    ["of another machine, not touched for minutes", () => ownership("elsewhere", process.pid), 600],
    ["whose process id another process has now, not touched for minutes", () => ownership(hostname(), process.pid), 600],
    ["that is empty, not touched for minutes", () => "", 600],
  ])(
    "is taken over: one %s",
    async (_, text, ageSeconds) => {
      writeFileSync(join(root, ".install-lock"), text());
      const touchedAt = new Date(Date.now() - ageSeconds * 1_000);
      utimesSync(join(root, ".install-lock"), touchedAt, touchedAt);
      const results = await Promise.all([run("1"), run("2")].map(({ ended }) => ended));
      expect(results.map(({ code }) => code)).toEqual([0, 0]);
      expect(lines("installed.txt")).toBe(1);
    },
    600_000,
  );

  it.each([
    ["stays where it is new and empty: another command has just taken over, and is about to write its own", 0, true],
    ["is removed where it is old and empty", 600, false],
  ])("%s", (_, ageSeconds, stays) => {
    const file = join(root, ".install-lock");
    writeFileSync(file, "");
    const touchedAt = new Date(Date.now() - ageSeconds * 1_000);
    utimesSync(file, touchedAt, touchedAt);
    takeOver(file, "", () => {});
    expect(existsSync(file)).toBe(stays);
    expect(existsSync(`${file}-takeover`)).toBe(false);
  });

  it("is waited for while its process lives", async () => {
    writeFileSync(join(root, ".install-lock"), ownership(hostname(), process.pid));
    const waiting = run("1");
    await until(() => waiting.stderr.includes(`process ${process.pid} is installing; waiting for it`));
    expect(lines("begun.txt")).toBe(0);
    rmSync(join(root, ".install-lock"));
    expect(await waiting.ended).toMatchObject({ code: 0 });
  }, 600_000);
});

describe("npm run X -- --help", () => {
  it.each(["--help", "-h"])(
    "responds to %s without an installation",
    async (flag) => {
      expect(await run(flag).ended).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/^usage: npm run tool\n/) });
      expect(existsSync(join(root, "node_modules"))).toBe(false);
    },
    600_000,
  );

  it("responds to --version without an installation", async () => {
    expect(await run("--version").ended).toMatchObject({ code: 0, stdout: "tidegate 1.0.0\n" });
    expect(existsSync(join(root, "node_modules"))).toBe(false);
  }, 600_000);
});

function ownership(host: string, pid: number): string {
  return JSON.stringify({ host, pids: [pid] });
}

/** The id of a process that has just ended. */
function endedProcess(): number {
  return Number(execFileSync(process.execPath, ["-p", "process.pid"], { encoding: "utf8" }));
}
