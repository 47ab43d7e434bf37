// What the README promises: `npm start` runs without account and network, and its curls answer as printed.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const README = readFileSync("README.md", "utf8");
const state = mkdtempSync(join(tmpdir(), "tidegate-readme-"));
let gateway: ChildProcess;
let port: number;
let output = "";

/** The commands of the README's console blocks, each with what it prints. */
function examples(): { command: string; prints: string }[] {
  const blocks = [...README.matchAll(/```console\n([\s\S]*?)```/g)].map(([, block]) => block!);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .filter((part) => part.startsWith("curl"))
      .map((part) => {
        const [, command, prints] = /^((?:.*\\\n)*.*)\n([\s\S]*)$/.exec(part)!;
        return { command: command!, prints: prints!.trim() };
      }),
  );
}

/** Ids, times and spans differ from run to run; everything else has to be as printed. */
function settled(text: string): string {
  return text
    .replace(/usr_[0-9a-z]{26}/g, "usr_ID")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replace(/r=\d+;t=\d+/g, "STATE")
    .trim();
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

beforeAll(async () => {
  port = await freePort();
  gateway = spawn("node", ["cli/start.ts", "--port", String(port), "--persist-to", state], { stdio: ["ignore", "pipe", "pipe"] });
  const running = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes("Tidegate is running at")) resolve();
    };
    gateway.stdout!.on("data", read);
    gateway.stderr!.on("data", read);
    gateway.on("exit", (code) => reject(new Error(`npm start ended with ${code}:\n${output}`)));
  });
  await running;
});

afterAll(async () => {
  const ended = new Promise((resolve) => gateway.once("exit", resolve));
  gateway.kill("SIGTERM");
  await ended;
  rmSync(state, { recursive: true, force: true });
});

describe("npm start", () => {
  it("prints the address, and what to try next", () => {
    expect(output).toContain(`Tidegate is running at http://127.0.0.1:${port}`);
    expect(output).toMatch(/curl .*\/api\/v1\/users/);
  });

  it("answers what it told to try", () => {
    const list = execFileSync("curl", ["-s", `http://127.0.0.1:${port}/api/v1/users`], { encoding: "utf8" });
    expect(JSON.parse(list)).toEqual(expect.any(Object));
  });
});

describe("the README's curls", () => {
  it("are three at least: REST, Connect, and a refusal", () => {
    expect(examples().length).toBeGreaterThanOrEqual(3);
  });

  it.each(examples())("answer as printed: $command", ({ command, prints }) => {
    const answer = execFileSync("bash", ["-c", command.replaceAll("localhost:8787", `127.0.0.1:${port}`)], { encoding: "utf8" });
    expect(settled(answer)).toBe(settled(prints));
  });
});
