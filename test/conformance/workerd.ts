// One Worker in workerd itself, as a process of its own: bundled once by the runner, started by each launcher.
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { portOf } from "../../bench/workerd.ts";

const workerd: { readonly default: string } = createRequire(import.meta.url)("workerd"); // where its binary is

export interface Running {
  readonly port: number;
  readonly child: ChildProcess;
  stop(): void;
}

/**
 * @param bundle   a JavaScript module, absolute path
 * @param bindings its `env`, as JSON
 */
export async function start(bundle: string, bindings: Readonly<Record<string, unknown>>): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-conformance-"));
  const config = join(folder, "config.capnp");
  const listed = Object.entries(bindings).map(([name, value]) => `(name = "${name}", json = ${JSON.stringify(JSON.stringify(value))})`);
  copyFileSync(bundle, join(folder, "worker.js"));
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (modules = [(name = "worker.js", esModule = embed "worker.js")], compatibilityDate = "2026-10-01",
      bindings = [${listed.join(", ")}], globalOutbound = "network")),
    (name = "network", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);`,
  );
  const child = spawn(workerd.default, ["serve", config, "--control-fd=3"], { stdio: ["ignore", 2, 2, "pipe"] });
  const port = await portOf(child, config);
  const stop = (): void => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  return { port, child, stop };
}
