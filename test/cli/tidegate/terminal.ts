// Runs commands of `tidegate` in this process, with streams that are kept as text.
import { Readable } from "node:stream";
import { main } from "../../../cli/tidegate/main.ts";

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly isTTY?: boolean; // both output streams
  readonly cwd?: string;
}

export async function tidegate(
  args: readonly string[],
  { env = {}, stdin = "", isTTY = false, cwd = process.cwd() }: RunOptions = {},
): Promise<Run> {
  const text = { stdout: "", stderr: "" };
  const output = (name: "stdout" | "stderr") => ({
    isTTY,
    write: (chunk: string) => {
      text[name] += chunk;
    },
  });
  const terminal = { stdin: Readable.from([Buffer.from(stdin)]), stdout: output("stdout"), stderr: output("stderr"), env, cwd: () => cwd };
  const code = await main(args, terminal);
  return { code, ...text };
}
