// `tidegate call` against a gateway of `tidegate dev`: every protocol, streams as they come, and errors with their details.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyProject, type ProjectCopy } from "../../project-copy.ts";
import { type DevGateway, dev } from "../gateway.ts";
import { type RunOptions, tidegate } from "../terminal.ts";

let copy: ProjectCopy;
let gateway: DevGateway;
beforeAll(async () => {
  copy = copyProject();
  // The limits of the shipped configuration are for one caller.
  copy.write("gateway.config.ts", copy.read("gateway.config.ts").replace(/capacity: \d+, rate: \d+/g, "capacity: 100_000, rate: 50_000"));
  gateway = await dev(copy);
});
afterAll(async () => {
  await gateway?.stop();
  copy.remove();
});

const call = (args: readonly string[], options: RunOptions = {}) =>
  tidegate(["call", ...args], { ...options, env: { TIDEGATE_GATEWAY: gateway.url, ...options.env } });
const USERS = "users.v1.UserService";
const user = (name: string) => JSON.stringify({ user: { displayName: name, email: `${name.toLowerCase()}@example.com` } });

describe.each(["connect", "grpc-web", "rest"])("tidegate call --protocol %s", (protocol) => {
  it("prints the response as JSON, in one form for every protocol", async () => {
    const created = await call([`${USERS}/CreateUser`, user(`Ada-${protocol}`), "--protocol", protocol, "--json"]);
    expect(created).toMatchObject({ code: 0, stderr: "" });
    const { id } = JSON.parse(created.stdout) as { readonly id: string };
    const { stdout } = await call([`${USERS}.GetUser`, JSON.stringify({ id }), "--protocol", protocol]);
    expect(JSON.parse(stdout)).toMatchObject({ id, displayName: `Ada-${protocol}`, email: `ada-${protocol}@example.com` });
    expect(stdout).toContain(`{\n  "id": "${id}",\n`);
  });

  it("exits with 1 and prints the details of an error, as text and as JSON", async () => {
    const args = [`${USERS}/CreateUser`, JSON.stringify({ user: { email: "bad" } }), "--protocol", protocol];
    const { code, stdout, stderr } = await call(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^error: invalid_argument: user\.display_name: .*\n {2}\{"@type":"google\.rpc\.BadRequest","fieldViolations":/);
    const { error } = JSON.parse((await call([...args, "--json"])).stdout) as { readonly error: { readonly details: readonly object[] } };
    expect(error.details).toEqual([
      { "@type": "google.rpc.BadRequest", fieldViolations: expect.arrayContaining([expect.objectContaining({ field: "user.email" })]) },
    ]);
  });

  it("prints each message of a stream as it comes, one a line", async () => {
    const args = ["cli/tidegate/main.ts", "call", `${USERS}/WatchUsers`, "--protocol", protocol, "--gateway", gateway.url];
    const child = spawn("node", args, { env: copy.env, stdio: ["ignore", "pipe", "inherit"] });
    try {
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
      // The stream has no first message: users are created until one of them is seen, while the stream stays open.
      for (const end = Date.now() + 120_000; output.split("\n").length < 3 && Date.now() < end; )
        await call([`${USERS}/CreateUser`, user(`Bob${Date.now()}`)]);
      expect(child.exitCode).toBeNull();
      const changes = output.trimEnd().split("\n").slice(0, 2);
      for (const line of changes) expect(line).toMatch(/^\{.*"displayName":\s?"Bob.*\}$/);
    } finally {
      child.kill("SIGKILL");
    }
  });
});

describe("tidegate call", () => {
  it("reads the request from a file, and from the standard input", async () => {
    const file = join(copy.folder, "body.json");
    writeFileSync(file, user("Carol"));
    expect((await call([`${USERS}/CreateUser`, `@${file}`])).stdout).toContain('"displayName": "Carol"');
    expect((await call([`${USERS}/CreateUser`, "-"], { stdin: user("Dora") })).stdout).toContain('"displayName": "Dora"');
  });

  it("builds the protos of the project with --local", async () => {
    const started = { cwd: copy.folder };
    expect(await call([`${USERS}/ListUsers`, "--local"], started)).toMatchObject({ code: 0 });
    expect(await call(["nope.v1.Nope/Get", "--local"], started)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("found no service"),
    });
  }, 600_000);

  it("sends headers, a token and a deadline", async () => {
    const seen: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers);
      response.setHeader("content-type", "application/json");
      response.end("{}");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const args = [
      `${USERS}/ListUsers`,
      "--local",
      "--timeout",
      "2.5",
      "--gateway",
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ];
    await call([...args, "-H", "x-a: 1", "-H", "x-a: 2"], { env: { TIDEGATE_TOKEN: "secret" } });
    await call([...args, "-H", "Authorization: Basic x"], { env: { TIDEGATE_TOKEN: "secret" } });
    server.close();
    expect(seen).toMatchObject([
      { "x-a": "1, 2", authorization: "Bearer secret", "connect-timeout-ms": "2500" },
      { authorization: "Basic x" },
    ]);
    expect(await call([`${USERS}/ListUsers`, "--timeout", "0.001"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/deadline_exceeded/),
    });
  });

  it.each([
    [["users.v1.UserServic/GetUser"], 1, 'found no service "users.v1.UserServic" at the gateway\n  fix:   write "users.v1.UserService"'],
    [[`${USERS}/GetUse`], 1, 'has no method "GetUse"\n  fix:   write "GetUser"'],
    [["GetUser"], 2, 'METHOD: found "GetUser"'],
    [[`${USERS}/GetUser`, "{"], 2, "BODY: found no JSON"],
    [[`${USERS}/GetUser`, '{"idx":1}'], 2, 'key "idx" is unknown\n  fix:   write its fields: id'],
    [[`${USERS}/GetUser`, "@no-such-file"], 2, "BODY: found no file no-such-file"],
    [[`${USERS}/GetUser`, "{}", "-H", "no colon"], 2, '--header: found "no colon"'],
    [["grpc.health.v1.Health/Check", "--protocol", "rest"], 1, "it has no google.api.http rule"],
    [[`${USERS}/GetUser`, "{}", "--protocol", "soap"], 2, '--protocol: found "soap"; write connect, grpc-web, rest'],
    [[`${USERS}/ListUsers`, "--gateway", "http://127.0.0.1:1"], 1, "no response from http://127.0.0.1:1"],
  ])("says what is wrong with %j", async (args, code, text) => {
    expect(await call(args)).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(text) });
  });
});
