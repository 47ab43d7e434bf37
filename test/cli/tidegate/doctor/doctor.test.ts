// `tidegate doctor` in a copy of the project, with a wrangler that responds as one does that is logged in, or not.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clock } from "../../../../cli/tidegate/doctor/doctor.ts";
import { type Examination, isAtLeast } from "../../../../cli/tidegate/doctor/examination.ts";
import { nodeVersion } from "../../../../cli/tidegate/doctor/machine.ts";
import { copyProject, type ProjectCopy } from "../../project-copy.ts";

let copy: ProjectCopy;
let other: Server;
let date = "";
beforeAll(async () => {
  copy = copyProject();
  mkdirSync(join(copy.folder, "fake"));
  // A gateway that responds at /healthz, with any clock.
  other = createServer((request, response) => {
    if (date !== "") response.setHeader("date", date);
    response.end(request.headers["user-agent"] === "none" || date === "" ? "something else" : "ok\n");
  }).listen(0, "127.0.0.1");
  await once(other, "listening");
});
afterAll(() => {
  other.close();
  copy.remove();
});

const url = () => `http://127.0.0.1:${(other.address() as AddressInfo).port}`;

async function doctor(whoami: string, ...args: string[]) {
  writeFileSync(join(copy.folder, "fake/wrangler"), `#!/bin/sh\n[ "$1" = whoami ] && { ${whoami}; }\necho 4.155.0\n`, { mode: 0o755 });
  const env = { ...copy.env, PATH: `${join(copy.folder, "fake")}${delimiter}${copy.env["PATH"]}` };
  const options = { cwd: copy.folder, env };
  const { code, stdout, stderr } = await new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
    execFile("node", ["cli/tidegate/main.ts", "doctor", ...args], options, (error, out, errors) =>
      done({ code: error === null ? 0 : Number(error.code), stdout: out, stderr: errors }),
    );
  });
  return { code, stdout, stderr };
}

async function examined(whoami: string, ...args: string[]) {
  const { code, stdout } = await doctor(whoami, "--json", "--port", "1", ...args);
  const { examinations, isHealthy } = JSON.parse(stdout) as { readonly examinations: readonly Examination[]; readonly isHealthy: boolean };
  expect(isHealthy).toBe(code === 0);
  return { code, of: (name: string) => examinations.find((one) => one.name === name) };
}

const LOGGED_IN = 'echo "You are logged in with an OAuth Token, associated with the email ada@example.com."; exit 0';
const LOGGED_OUT = 'echo "You are not authenticated. Please run wrangler login."; exit 0';

describe("tidegate doctor", () => {
  it("finds nothing wrong with a project that is right, and says what it could not examine", async () => {
    const { code, of } = await examined(LOGGED_IN, "--gateway", "http://127.0.0.1:1");
    for (const name of ["node", "npm", "tidegate", "wrangler", "buf", "configuration", "bindings", "secrets", "port"])
      expect(of(name), name).toMatchObject({ state: "ok" });
    expect(of("login")).toMatchObject({ state: "ok", found: "ada@example.com" });
    expect([of("gateway")?.state, of("clock")?.state]).toEqual(["skipped", "skipped"]);
    expect(code).toBe(0);
  });

  it("warns of a login that is missing, a missing secret, and a port of another program, each with its fix", async () => {
    const config = copy.read("gateway.config.ts");
    copy.write("gateway.config.ts", config.replace("rateLimits: {", 'registry: { tokenBinding: "REGISTRY_TOKEN" },\n  rateLimits: {'));
    const port = String((other.address() as AddressInfo).port);
    date = "";
    const { code, stdout } = await doctor(LOGGED_OUT, "--port", port, "--gateway", "http://127.0.0.1:1");
    copy.write("gateway.config.ts", config);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^warning {2}login +wrangler is not logged in.*\n +fix: wrangler login/m);
    expect(stdout).toMatch(/^warning {2}secrets +.*REGISTRY_TOKEN.*\n +fix: write NAME=value into \.dev\.vars/m);
    expect(stdout).toMatch(new RegExp(`^warning {2}port +${port} is taken by another program\\n +fix: .*--port N`, "m"));
  });

  it("fails for a mistake in the configuration or a binding, and for packages that are not those of the lock file", async () => {
    const [config, toml, lock] = ["gateway.config.ts", "wrangler.toml", "package-lock.json"].map((file) => copy.read(file)) as [
      string,
      string,
      string,
    ];
    copy.write("gateway.config.ts", config.replace("capacity: 100", "capacity: -1"));
    copy.write("wrangler.toml", toml.replace('service = "tidegate-orders"', 'service = "tidegate-oders"'));
    rmSync(join(copy.folder, "package-lock.json"));
    const { code, of } = await examined('echo "no network" >&2; kill -9 $$', "--gateway", "http://127.0.0.1:1");
    copy.write("gateway.config.ts", config);
    copy.write("wrangler.toml", toml);
    copy.write("package-lock.json", lock);
    expect(code).toBe(1);
    expect(of("configuration")).toMatchObject({ state: "failed", found: expect.stringContaining("gateway.config.ts:") });
    expect(of("bindings")).toMatchObject({ state: "failed", found: expect.stringContaining("tidegate-oders") });
    expect(of("packages")).toMatchObject({ state: "failed", fix: expect.stringContaining("npm install") });
    expect(of("login")).toMatchObject({ state: "skipped" });
  });

  it("compares the clock with that of a gateway", async () => {
    date = new Date().toUTCString();
    expect((await examined(LOGGED_IN, "--gateway", url())).of("clock")).toMatchObject({ state: "ok" });
    date = new Date(Date.now() + 3_600_000).toUTCString();
    const { code, of } = await examined(LOGGED_IN, "--gateway", url());
    expect(of("gateway")).toMatchObject({ state: "ok" });
    expect(of("clock")).toMatchObject({ state: "failed", found: expect.stringMatching(/^(3599|3600|359\d) s behind the gateway$/) });
    expect(code).toBe(1);
  });
});

describe("the clock", () => {
  const at = Date.parse("2026-11-30T00:00:10Z");
  it.each([
    ["Mon, 30 Nov 2026 00:00:10 GMT", at + 400, at + 500, "ok"],
    ["Mon, 30 Nov 2026 00:00:10 GMT", at + 5_900, at + 6_000, "ok"],
    ["Mon, 30 Nov 2026 00:00:10 GMT", at + 6_001, at + 6_100, "failed"],
    ["Mon, 30 Nov 2026 00:00:10 GMT", at - 6_000, at - 5_000, "ok"],
    ["Mon, 30 Nov 2026 00:00:10 GMT", at - 6_000, at - 5_001, "failed"],
    ["yesterday", at, at, "skipped"],
    [null, at, at, "skipped"],
  ])("of %s between %i and %i is %s", (header, startedAt, endedAt, state) => {
    expect(clock(header, startedAt, endedAt).state).toBe(state);
  });
});

it("compares versions by their numbers", () => {
  expect([
    isAtLeast("22.18.0", "22.18.0"),
    isAtLeast("v24.1", "22.18.0"),
    isAtLeast("22.9.9", "22.18.0"),
    isAtLeast("10.0.0-rc.1", "10"),
  ]).toEqual([true, true, false, true]);
  expect(nodeVersion("20.11.0")).toMatchObject({ state: "failed", fix: expect.stringContaining("install") });
});
