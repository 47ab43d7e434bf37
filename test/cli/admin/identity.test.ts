// The command for keys of identities: secrets on this machine, and which key a rotation replaces.

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type IdentityKey, readIdentityKey } from "../../../core/auth/identity/identity-keys.ts";

const folder = mkdtempSync(join(tmpdir(), "tidegate-identity-"));
const file = join(folder, ".dev.vars");
let server: Server;
let gateway = "";
let published: unknown;

beforeAll(async () => {
  server = createServer((_, response) => response.end(JSON.stringify(published))).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  gateway = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => writeFileSync(file, "OTHER=1\n"));

/** Runs the command in the folder, beside the server of this process: it must not block. */
function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn("node", [resolve("cli/tidegate/main.ts"), "identity", ...args], { cwd: folder });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (output.stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (output.stderr += String(chunk)));
  return new Promise((done) => child.on("close", (code) => done({ code, ...output })));
}
const keyOf = (name: string): IdentityKey | undefined => {
  const line = readFileSync(file, "utf8")
    .split("\n")
    .find((text) => text.startsWith(`${name}=`));
  return line === undefined ? undefined : readIdentityKey(JSON.parse(line.slice(name.length + 2, -1)));
};

it("makes a first key, which signs at once, and leaves other variables as they are", async () => {
  const { code, stdout } = await run("new", "--local");
  const key = keyOf("IDENTITY_KEY_A");
  expect([code, stdout]).toEqual([0, `IDENTITY_KEY_A: key ${key?.kid} signs at once; written to .dev.vars\n`]);
  expect(key?.from).toBe(0);
  expect(readFileSync(file, "utf8")).toMatch(/^OTHER=1\nIDENTITY_KEY_A='[^'\n]+'\n$/);
  expect(stdout).not.toContain(key!.d);
});

it("rotates into the free secret, then into the one that does not sign, and shows which key does what", async () => {
  await run("new", "--local");
  const first = keyOf("IDENTITY_KEY_A")!;
  published = { keys: [first] };
  const before = Math.floor(Date.now() / 1_000);
  expect((await run("rotate", "--local", "--after", "60", "--gateway", gateway)).code).toBe(0);
  const second = keyOf("IDENTITY_KEY_B")!;
  expect(second.from).toBeGreaterThanOrEqual(before + 60);
  expect(keyOf("IDENTITY_KEY_A")).toEqual(first);

  published = { keys: [first, second] };
  const early = await run("rotate", "--local", "--gateway", gateway);
  expect([early.code, early.stderr]).toEqual([
    1,
    expect.stringMatching(`^error: key ${second.kid} is to sign from .*; wait until then\n$`),
  ]);
  const iso = new Date(second.from * 1_000).toISOString();
  expect((await run("list", "--gateway", gateway)).stdout).toBe(`${first.kid}  signs\n${second.kid}  signs from ${iso} on\n`);

  published = { keys: [first, { ...second, from: 1 }] };
  expect((await run("rotate", "--local", "--gateway", gateway)).code).toBe(0);
  expect(keyOf("IDENTITY_KEY_A")?.kid).not.toBe(first.kid);
  expect(keyOf("IDENTITY_KEY_B")).toEqual(second);
  expect((await run("list", "--gateway", gateway)).stdout).toBe(`${first.kid}  verifies only\n${second.kid}  signs\n`);
});

it("says what is missing", async () => {
  published = { keys: [] };
  expect((await run("rotate", "--gateway", gateway)).stderr).toContain(
    "has no keys\n  fix:   set auth.identity.keyBindings in gateway.config.ts",
  );
  expect((await run("list", "--gateway", "http://127.0.0.1:1")).stderr).toContain("write the origin of the gateway: --gateway URL");
  expect(await run("renew")).toMatchObject({ code: 2, stderr: expect.stringContaining('found no command "renew"; did you mean new?') });
  expect(await run("rotate", "--after", "1.5")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("write a whole number from 0 to 86400"),
  });
});

it("sets the secret of the account over standard input, so that no other process can read it", () => {
  const path = join(folder, "wrangler");
  writeFileSync(path, `#!/bin/sh\necho "$@"\ncat > ${folder}/secret\n`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${folder}:${process.env["PATH"]}` };
  const { stdout } = spawnSync("node", [resolve("cli/tidegate/main.ts"), "identity", "new", "--env", "staging"], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  expect(stdout).toMatch(/^secret put IDENTITY_KEY_A --env staging\nIDENTITY_KEY_A: key \S+ signs at once\n$/);
  expect(readIdentityKey(JSON.parse(readFileSync(join(folder, "secret"), "utf8")))?.from).toBe(0);
});

it("makes the key of another Worker in its folder", async () => {
  const worker = join(folder, "services", "orders");
  mkdirSync(worker, { recursive: true });
  const missing = await run("new", "--local", "--worker", "services/orders");
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("services/orders/wrangler.toml is missing")]);
  writeFileSync(join(worker, "wrangler.toml"), 'name = "orders"\n');
  const { code, stdout } = await run("new", "--local", "--worker", "services/orders");
  expect([code, stdout]).toEqual([0, expect.stringMatching(/signs at once; written to services\/orders\/\.dev\.vars\n$/)]);
  expect(readFileSync(join(worker, ".dev.vars"), "utf8")).toMatch(/^IDENTITY_KEY_A='\{.*\}'\n$/);
  expect(readFileSync(file, "utf8")).toBe("OTHER=1\n");
});
