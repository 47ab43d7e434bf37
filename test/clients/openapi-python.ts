// openapi-python-client: a client is generated from /openapi.json, in a virtual environment of its own, and called.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Checks } from "./checks.ts";
import type { Front } from "./fronts.ts";
import { report, runProgram } from "./programs.ts";

const HERE = import.meta.dirname;
const VENV = join(HERE, "node_modules/.python");
const REQUIREMENTS = join(HERE, "openapi/requirements.txt");
const NAME = "openapi-python-client";

export async function openapiPython(checks: Checks, fronts: readonly Front[]): Promise<void> {
  const missing = install();
  if (missing !== undefined) return checks.skip(NAME, missing);
  const folder = mkdtempSync(join(tmpdir(), "tidegate-clients-python-"));
  try {
    copyFileSync(join(HERE, "openapi/client.py"), join(folder, "client.py"));
    for (const { name, http1 } of fronts) {
      const output = join(folder, "generated");
      const args = ["generate", "--url", `${http1}/openapi.json`, "--meta", "none", "--output-path", output, "--overwrite"];
      const generated = await runProgram(join(VENV, "bin", NAME), args);
      const complaints = generated.stdout + generated.stderr;
      const hasLeftOut = /WARNING parsing|ERROR parsing|Unable to|removal of|Cannot/.test(complaints); // not that ruff is missing
      if (generated.code === 0 && !hasLeftOut) checks.pass(`${name}: ${NAME}: a client is generated, with nothing left out`);
      else checks.fail(`${name}: ${NAME}: a client is generated, with nothing left out`, complaints.slice(0, 800));
      report(checks, `${name}: ${NAME}: `, await runProgram(join(VENV, "bin/python"), [join(folder, "client.py"), http1]));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns what is missing */
function install(): string | undefined {
  const wanted = readFileSync(REQUIREMENTS, "utf8");
  const stamp = join(VENV, ".installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return undefined;
  const isNew = "import sys; sys.exit(sys.version_info < (3, 10))";
  const python = ["python3", "python"].find((command) => spawnSync(command, ["-c", isNew]).status === 0);
  if (python === undefined) return "there is no Python 3.10 or later here";
  const made = spawnSync(python, ["-m", "venv", "--clear", VENV], { encoding: "utf8" });
  if (made.status !== 0) return `\`${python} -m venv\` failed: ${(made.stdout + made.stderr).slice(-300)}`;
  const pip = spawnSync(join(VENV, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS], {
    encoding: "utf8",
  });
  if (pip.status !== 0) return `\`pip install\` failed; it needs a Python package index: ${pip.stderr.slice(-500)}`;
  writeFileSync(stamp, wanted);
  return undefined;
}
