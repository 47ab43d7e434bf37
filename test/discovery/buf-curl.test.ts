// What discovery promises: the real `buf curl` lists and calls what is behind the gateway, and has no schema.
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Running, start } from "./workerd.ts";

const folder = mkdtempSync(join(tmpdir(), "tidegate-discovery-"));
let running: Running;

const STOCK = `syntax = "proto3";
package stock.v1;
import "google/protobuf/timestamp.proto";
service ShelfService { rpc Count(CountRequest) returns (CountResponse); }
message CountRequest { string sku = 1; }
message CountResponse { string sku = 1; int64 pieces = 2; google.protobuf.Timestamp counted_at = 3; }
`;

const users = `
import { UserService } from "./protos/gen/users/v1/users_pb.ts";
import { defineService } from "./workers/service.ts";
export default defineService(UserService, () => ({
  getUser: ({ id }) => ({ id, displayName: "Ada", email: "ada@example.com" }),
  async *watchUsers() {
    yield { user: { id: "1" } };
    yield { user: { id: "2" } };
  },
}));`;

/** The gateway has no TypeScript of the stock service, and the stock service nothing of Tidegate: it adds `pieces: 3` to what it got. */
const stock = `export default {
  async fetch(request) {
    const message = [...new Uint8Array(await request.arrayBuffer()), 0x10, 3];
    return new Response(new Uint8Array(message), { headers: { "content-type": "application/proto" } });
  },
};`;
const gateway = (set: string) => `
import { UserService } from "./protos/gen/users/v1/users_pb.ts";
import { configure } from "./workers/gateway/configuration.ts";
import { createGateway } from "./workers/gateway/gateway.ts";
let gateway;
const services = { "users.v1.UserService": { upstream: { binding: "USERS" } }, "stock.v1.ShelfService": { upstream: { binding: "STOCK" } } };
export default {
  fetch(request, env) {
    if (new URL(request.url).pathname.startsWith("/host/")) return env.USERS.fetch(request.url.replace("/host", ""), request);
    gateway ??= createGateway(configure({ descriptors: ["${set}"], services }, [UserService], env));
    return gateway(request);
  },
};`;

beforeAll(async () => {
  writeFileSync(join(folder, "stock.proto"), STOCK);
  const set = join(folder, "set.binpb");
  execFileSync("buf", ["build", folder, "--as-file-descriptor-set", "--exclude-source-info", "-o", set], { stdio: "inherit" });
  running = await start(folder, { gateway: gateway(readFileSync(set, "base64")), users, stock });
});

afterAll(() => {
  running?.stop();
  rmSync(folder, { recursive: true });
});

/** Run outside of the project: with no schema near. */
function curl(...args: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile("buf", ["curl", ...args], { cwd: folder, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve(error === null ? stdout.trim() : `exit ${error.code}: ${stderr.trim()}`),
    );
  });
}

const OWN = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

describe.each(["connect", "grpcweb"])("buf curl --protocol %s", (protocol) => {
  it.each(["grpc-v1", "grpc-v1alpha"])("lists services and methods with %s", async (version) => {
    const list = (flag: string) => curl(running.http2, flag, "--protocol", protocol, "--reflect-protocol", version);
    expect((await list("--list-services")).split("\n")).toEqual([...OWN, "stock.v1.ShelfService", "users.v1.UserService"]);
    const methods = (await list("--list-methods")).split("\n");
    for (const method of ["stock.v1.ShelfService/Count", "users.v1.UserService/GetUser", "users.v1.UserService/WatchUsers"])
      expect(methods).toContain(method);
  });

  it("calls a unary method", async () => {
    const answer = await curl(`${running.http2}/users.v1.UserService/GetUser`, "--protocol", protocol, "-d", '{"id": "usr_1"}');
    expect(JSON.parse(answer)).toEqual({ id: "usr_1", displayName: "Ada", email: "ada@example.com" });
  });

  it("calls a stream", async () => {
    const answer = await curl(`${running.http2}/users.v1.UserService/WatchUsers`, "--protocol", protocol, "-d", "{}");
    expect(answer.match(/"id": ?"\d"/g)).toHaveLength(2);
  });

  it("calls the health service", async () => {
    const check = `${running.http2}/grpc.health.v1.Health/Check`;
    expect(JSON.parse(await curl(check, "--protocol", protocol, "-d", '{"service": "users.v1.UserService"}'))).toEqual({
      status: "SERVING",
    });
    expect(await curl(check, "--protocol", protocol, "-d", '{"service": "no"}')).toContain("not_found");
  });
});

describe("buf curl", () => {
  it("calls a service that the gateway knows by its descriptors alone", async () => {
    const answer = await curl(`${running.http2}/stock.v1.ShelfService/Count`, "-d", '{"sku": "a"}');
    expect(JSON.parse(answer)).toEqual({ sku: "a", pieces: "3" });
  });

  it("lists what a service host has, without a gateway", async () => {
    const answer = await curl(`${running.http2}/host`, "--list-services");
    expect(answer.split("\n")).toEqual([...OWN, "users.v1.UserService"]);
  });

  it("has no reflection over HTTP/1.1, where it only speaks HTTP/2", async () => {
    expect(await curl(running.http1, "--list-services", "--reflect-protocol", "grpc-v1")).toMatch(/^exit /);
    const schema = ["--schema", join(folder, "set.binpb")];
    expect(JSON.parse(await curl(`${running.http1}/stock.v1.ShelfService/Count`, ...schema, "-d", "{}"))).toEqual({ pieces: "3" });
  });
});
