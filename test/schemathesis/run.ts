// npm run test:openapi: requests that schemathesis makes of /openapi.json, valid and invalid ones, against the gateway in workerd.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseCommand } from "../../cli/command.ts";
import { startGateway } from "./gateway.ts";

const VERSION = "4.32.5";
const CACHE = resolve(`node_modules/.cache/schemathesis-${VERSION}`);

/** Operations that are not called, with the reason. */
const LEFT_OUT = [{ path: ":watch$", reason: "streams without end: a call lasts until its caller hangs up" }] as const;

/** Operations that are left out of one phase, with the reason. */
const PHASES_LEFT_OUT = [
  {
    path: "/api/v1/users/{userId}/orders",
    phase: "stateful",
    reason: "it takes orders for a part of the user, and wants 404 once the user is deleted; orders outlive their user",
  },
] as const;

const { values } = parseCommand("test:openapi", {
  seed: { type: "string", default: "20261128" },
  "max-examples": { type: "string", default: "120" },
  url: { type: "string", default: "" },
});

const schemathesis = installed();
if ("missing" in schemathesis) {
  const isRequired = process.env["TIDEGATE_REQUIRE_ALL"] === "1";
  console.log(isRequired ? `FAILED: ${schemathesis.missing}` : `SKIPPED: ${schemathesis.missing}`);
  console.log(`0 passed, ${isRequired ? 1 : 0} failed`);
  process.exit(isRequired ? 1 : 0);
}

const folder = mkdtempSync(join(tmpdir(), "tidegate-schemathesis-"));
const gateway = values.url === "" ? await startGateway(folder) : undefined;
const cleanUp = (): void => {
  gateway?.stop();
  rmSync(folder, { recursive: true, force: true });
};
process.on("SIGINT", () => {
  cleanUp();
  process.exit(130);
});
try {
  for (const { path, phase, reason } of PHASES_LEFT_OUT) console.log(`left out of the phase "${phase}": ${path}; ${reason}`);
  const settings = PHASES_LEFT_OUT.map(({ path, phase }) => `[[operations]]\ninclude-path = "${path}"\nphases.${phase}.enabled = false\n`);
  writeFileSync(join(folder, "schemathesis.toml"), settings.join("\n"));
  for (const { path, reason } of LEFT_OUT) console.log(`left out: operations whose path matches ${path}; ${reason}`);
  const said = await run(schemathesis.program, gateway?.origin ?? values.url);
  process.exitCode = report(said);
} finally {
  cleanUp();
}

/** The program, from the cache or newly installed into it; or what is missing. */
function installed(): { readonly program: string } | { readonly missing: string } {
  const program = join(CACHE, "bin", "schemathesis");
  if (existsSync(program)) return { program };
  const python = spawnSync("python3", ["-c", "import sys, venv; sys.exit(sys.version_info < (3, 10))"]);
  if (python.status !== 0) return { missing: "schemathesis needs python3, 3.10 or later, with its module venv; there is none" };
  const steps = [
    ["python3", "-m", "venv", "--clear", CACHE],
    [join(CACHE, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", `schemathesis==${VERSION}`],
  ] as const;
  for (const [command, ...args] of steps) {
    const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
    if (status === 0) continue;
    rmSync(CACHE, { recursive: true, force: true });
    return { missing: `schemathesis ${VERSION} could not be installed: ${(stderr ?? "").trim().split("\n").at(-1)}` };
  }
  return { program };
}

function run(program: string, origin: string): Promise<{ readonly text: string; readonly status: number | null }> {
  const args = [
    ...["run", `${origin}/openapi.json`, "--checks", "all", "--no-color", "--request-timeout", "30"],
    ...["--max-examples", values["max-examples"], "--seed", values.seed],
    ...LEFT_OUT.flatMap(({ path }) => ["--exclude-path-regex", path]),
  ];
  return new Promise((done, failed) => {
    const child = spawn(program, args, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      process.stdout.write(chunk);
    });
    child.on("error", failed);
    child.on("exit", (status) => done({ text, status }));
  });
}

/** The closing line; a run that made no requests, or fewer than it should, has failed. */
function report({ text, status }: { readonly text: string; readonly status: number | null }): number {
  const generated = Number(/^\s*([\d,]+) generated\b/m.exec(text)?.[1]?.replaceAll(",", "") ?? 0);
  const failed = Number(/\b(\d+) unique failures?\b/.exec(text)?.[1] ?? 0);
  const isComplete = status === 0 && generated > 0;
  console.log(`${generated - failed} passed, ${failed === 0 && !isComplete ? 1 : failed} failed`);
  return failed === 0 && isComplete ? 0 : 1;
}
