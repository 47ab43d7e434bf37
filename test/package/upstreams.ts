// What runs beside an example, as its README says.
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Project } from "./project.ts";

const START_TIMEOUT_MS = 180_000;

/** Ends the upstream. */
export type Stop = () => Promise<void>;

export const UPSTREAMS = {
  rest: (project: Project): Promise<Stop> => listening(project, "node", ["upstream.mjs"], project.folder),
  go: async (project: Project): Promise<Stop | "skipped"> => {
    const go = ["go", "/usr/local/go/bin/go"].find((command) => spawnSync(command, ["version"]).status === 0);
    if (go !== undefined) return listening(project, go, ["run", "."], join(project.folder, "upstream"));
    if (process.env["TIDEGATE_REQUIRE_ALL"] === "1") throw new Error("found no `go`; install it from go.dev/dl, 1.26 or later");
    console.log("SKIPPED: the upstream of this example is written in Go, and there is no `go` here (go.dev/dl, 1.26 or later)");
    return "skipped";
  },
};

/** @throws Error with what it printed, where it ends before it says that it listens */
function listening(project: Project, command: string, args: readonly string[], cwd: string): Promise<Stop> {
  const child = spawn(command, args, { cwd, env: project.env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const ended = new Promise<void>((done) => child.once("close", () => done()));
  const stop = async (): Promise<void> => {
    process.kill(-child.pid!, "SIGKILL");
    await ended;
  };
  return new Promise((done, failed) => {
    let output = "";
    const timer = setTimeout(() => void stop().then(() => failed(new Error(`${command} does not listen:\n${output}`))), START_TIMEOUT_MS);
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      if (!/listens on/.test(output)) return;
      clearTimeout(timer);
      done(stop);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", failed);
    child.once("close", (code) => failed(new Error(`${command} ended with ${code}:\n${output}`)));
  });
}
