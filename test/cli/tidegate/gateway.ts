// A gateway of `tidegate dev` in a copy of the project, for tests of commands that call one.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { ProjectCopy } from "../project-copy.ts";

const DEADLINE_MS = 120_000; // long enough on a busy machine

export interface DevGateway {
  readonly url: string;
  stop(): Promise<void>;
}

/** @throws Error with the output where it does not start */
export async function dev(copy: ProjectCopy, ...args: string[]): Promise<DevGateway> {
  const options = ["cli/tidegate/main.ts", "dev", "--port", "0", "--json", "--persist-to", join(copy.folder, "state"), ...args];
  const env = { ...copy.env, TIDEGATE_LAUNCHER: String(process.pid) }; // the gateway ends with this process, also where a test fails
  const child: ChildProcess = spawn("node", options, { cwd: copy.folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let result = "";
  child.stdout!.on("data", (chunk: Buffer) => {
    result += chunk.toString();
  });
  child.stderr!.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  for (const end = Date.now() + DEADLINE_MS; !result.includes("\n"); ) {
    if (child.exitCode !== null || Date.now() > end) throw new Error(`the gateway does not start (${child.exitCode}):\n${result}${output}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { event, url } = JSON.parse(result.split("\n")[0]!) as { readonly event: string; readonly url: string };
  if (event !== "running") throw new Error(`the gateway does not start:\n${result}${output}`);
  return {
    url,
    stop: async () => {
      const ended = child.exitCode === null ? once(child, "exit") : undefined;
      child.kill("SIGTERM");
      await ended;
    },
  };
}
