// `npm run gen` with invalid or missing protos, and interrupted: a message without a stack trace, and an unchanged protos/gen.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let root: string;
const PROTO = "protos/acme/v1/acme.proto";
const GEN = [resolve("cli/tidegate/main.ts"), "gen"];
const VALID = 'syntax = "proto3";\npackage acme.v1;\nmessage Thing {\n  string name = 1;\n}\n';
const RULE = (rule: string) =>
  `${VALID}import "google/api/annotations.proto";\nservice Things {\n  rpc Get(Thing) returns (Thing) {\n    option (google.api.http) = ${rule};\n  }\n}\n`;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tidegate-gen-test-"));
  for (const path of ["protos", "buf.yaml", "buf.gen.yaml"]) cpSync(path, join(root, path), { recursive: true });
  mkdirSync(join(root, "protos/acme/v1"), { recursive: true });
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const put = (path: string, text: string): void => writeFileSync(join(root, path), text);

function gen(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync("node", [...GEN, ...args], { cwd: root, encoding: "utf8" });
  return { code: status, stdout, stderr };
}

/** Every file of protos/gen with its text. */
function generated(): Record<string, string> {
  const folder = join(root, "protos/gen");
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

describe("npm run gen", () => {
  it("writes code and document of a new proto, and leaves what has not changed untouched", () => {
    put(PROTO, RULE('{get: "/v1/things/{name}"}'));
    const before = statSync(join(root, "protos/gen/users/v1/users_pb.ts"), { bigint: true }).mtimeNs;
    expect(gen("--check")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("protos/gen/acme/v1/acme_pb.ts is not what the protos give"),
    });
    expect(gen()).toMatchObject({
      code: 0,
      stderr: "",
      stdout: expect.stringMatching(/^protos\/gen: 3 written, 0 removed, \d+ unchanged\n$/),
    });
    expect(generated()["acme/v1/acme_pb.ts"]).toContain("acme.v1.Thing");
    expect(generated()["openapi.json"]).toContain('"/v1/things/{name}"');
    expect(statSync(join(root, "protos/gen/users/v1/users_pb.ts"), { bigint: true }).mtimeNs).toBe(before);
    expect(gen("--check")).toMatchObject({ code: 0, stderr: "" });
  }, 600_000);

  it("removes what a deleted proto has left, and its empty folders", () => {
    put(PROTO, VALID);
    gen();
    rmSync(join(root, "protos/acme"), { recursive: true });
    expect(gen("--check")).toMatchObject({ code: 1, stderr: expect.stringContaining("acme/v1/acme_pb.ts") });
    expect(gen()).toMatchObject({ code: 0, stdout: expect.stringContaining(" 1 removed, ") });
    expect(existsSync(join(root, "protos/gen/acme"))).toBe(false);
    expect(gen("--check").code).toBe(0);
  }, 600_000);

  it.each([
    ["a syntax error", { [PROTO]: VALID.replace("= 1;", "= 1") }, /^error: protos\/acme\/v1\/acme\.proto:\d+:\d+:.+\n {4}\S/],
    [
      "an import that is not there",
      { [PROTO]: `${VALID}import "nowhere.proto";\n` },
      /imported file does not exist\n {4}import "nowhere\.proto";\n/,
    ],
    ["a type that nothing declares", { [PROTO]: VALID.replace("string", "Nothing") }, /acme\.proto:4:.*Nothing/],
    ["a name that two files declare", { [PROTO]: VALID, "protos/acme/v1/other.proto": VALID }, /acme\/v1\/\w+\.proto:3:.*Thing.*multiple/],
    [
      "a rule with an unknown path variable",
      { [PROTO]: RULE('{get: "/v1/{nothing}"}') },
      /^error: acme\.v1\.Things\.Get \(GET \/v1\/\{nothing\}\): .*nothing/,
    ],
    ["a rule with a malformed path", { [PROTO]: RULE('{get: "v1/things"}') }, /^error: acme\.v1\.Things\.Get .*v1\/things/],
    ["a rule with an unknown field", { [PROTO]: RULE('{gett: "/v1/things"}') }, /acme\.proto:\d+:[\s\S]*gett/],
    ["a rule that another method has", { [PROTO]: RULE('{get: "/api/v1/users"}') }, /\/api\/v1\/users/],
    ["a rule whose body is no field", { [PROTO]: RULE('{post: "/v1/things" body: "nothing"}') }, /^error: acme\.v1\.Things\.Get .*nothing/],
  ])(
    "says what is wrong with %s, and changes nothing",
    (_, files, message) => {
      for (const [path, text] of Object.entries(files)) put(path, text);
      const before = generated();
      for (const args of [[], ["--check"]]) {
        const { code, stdout, stderr } = gen(...args);
        expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
        expect(stderr).toMatch(message);
        expect(stderr).not.toMatch(/^\s+at |node:|Error:|status: 1/m);
        expect(generated()).toEqual(before);
      }
    },
    600_000,
  );

  it.each(["SIGINT", "SIGTERM"] as const)(
    "changes nothing when %s interrupts it",
    async (signal) => {
      put(PROTO, VALID);
      const before = generated();
      mkdirSync(join(root, "bin"));
      writeFileSync(join(root, "bin/protoc-gen-es"), `#!/bin/sh\ntouch ${join(root, "begun")}\nexec sleep 600\n`, { mode: 0o755 });
      const env = { ...process.env, PATH: `${join(root, "bin")}${delimiter}${process.env["PATH"]}` };
      const child = spawn("node", GEN, { cwd: root, env, stdio: ["ignore", "ignore", "pipe"], detached: true });
      let stderr = "";
      child.stderr.on("data", (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
      for (const deadline = Date.now() + 60_000; !existsSync(join(root, "begun")) && Date.now() < deadline; )
        await new Promise((soon) => setTimeout(soon, 20));
      process.kill(-child.pid!, signal); // signals buf and its plugin too, like Ctrl-C in a terminal
      expect(await ended).toBe(130);
      expect(stderr).toBe("interrupted\nprotos/gen is as it was\n");
      expect(generated()).toEqual(before);
    },
    600_000,
  );
});
