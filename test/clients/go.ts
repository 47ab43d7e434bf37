// connect-go: go/main.go, built once a run.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Checks } from "./checks.ts";
import type { Front } from "./fronts.ts";
import { report, runProgram } from "./programs.ts";

const SOURCE = join(import.meta.dirname, "go");

export async function connectGo(checks: Checks, fronts: readonly Front[]): Promise<void> {
  const go = ["go", "/usr/local/go/bin/go"].find((command) => spawnSync(command, ["version"]).status === 0);
  if (go === undefined) {
    checks.skip("connect-go", "there is no `go` here (go.dev/dl, 1.26 or later)");
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "tidegate-clients-go-"));
  try {
    const binary = join(folder, "clients");
    const built = spawnSync(go, ["build", "-o", binary, "."], { cwd: SOURCE, encoding: "utf8" });
    if (built.status !== 0) {
      checks.skip("connect-go", `\`go build\` failed; it needs a Go module proxy: ${built.stderr.trim().slice(-500)}`);
      return;
    }
    for (const { name, http1, http2 } of fronts) {
      report(checks, `${name}: `, await runProgram(binary, [http1, http2, name]));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
