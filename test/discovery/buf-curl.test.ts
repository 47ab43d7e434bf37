// The real `buf curl` without a schema lists and calls the services behind the gateway by reflection.
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
service StockService { rpc Count(CountRequest) returns (CountResponse); }
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

/** The gateway knows the stock service by descriptors only, and the service uses nothing of Tidegate: it adds `pieces: 3` to the request. */
const stock = `export default {
  async fetch(request) {
    const message = [...new Uint8Array(await request.arrayBuffer()), 0x10, 3];
    return new Response(new Uint8Array(message), { headers: { "content-type": "application/proto" } });
  },
};`;
const gateway = (set: string) => `
import { UserService } from "./protos/gen/users/v1/users_pb.ts";
import { configure } from "./workers/gateway/configure/configuration.ts";
import { createGateway } from "./workers/gateway/gateway.ts";
const gateways = new Map();
const services = { "users.v1.UserService": { upstream: { binding: "USERS" } }, "stock.v1.StockService": { upstream: { binding: "STOCK" } } };
export default {
  fetch(request, env) {
    if (new URL(request.url).pathname.startsWith("/host/")) return env.USERS.fetch(request.url.replace("/host", ""), request);
    const isFew = new URL(request.url).pathname.startsWith("/few/"); // one question in each stream
    const discovery = isFew ? { maxMessages: 1, maxMessageBytes: 65_536 } : true;
    const gateway = gateways.get(isFew) ?? createGateway(configure({ descriptors: ["${set}"], services, discovery }, [UserService], env));
    gateways.set(isFew, gateway);
    return gateway(isFew ? new Request(request.url.replace("/few", ""), request) : request);
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

/** Runs outside of the project, where no schema is found. */
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
    expect((await list("--list-services")).split("\n")).toEqual([...OWN, "stock.v1.StockService", "users.v1.UserService"]);
    const methods = (await list("--list-methods")).split("\n");
    for (const method of ["stock.v1.StockService/Count", "users.v1.UserService/GetUser", "users.v1.UserService/WatchUsers"])
      expect(methods).toContain(method);
  });

  it("calls a unary method", async () => {
    const response = await curl(`${running.http2}/users.v1.UserService/GetUser`, "--protocol", protocol, "-d", '{"id": "usr_1"}');
    expect(JSON.parse(response)).toEqual({ id: "usr_1", displayName: "Ada", email: "ada@example.com" });
  });

  it("calls a stream", async () => {
    const response = await curl(`${running.http2}/users.v1.UserService/WatchUsers`, "--protocol", protocol, "-d", "{}");
    expect(response.match(/"id": ?"\d"/g)).toHaveLength(2);
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
  it("calls a service that the gateway knows by its descriptors only", async () => {
    const response = await curl(`${running.http2}/stock.v1.StockService/Count`, "-d", '{"sku": "a"}');
    expect(JSON.parse(response)).toEqual({ sku: "a", pieces: "3" });
  });

  it("lists the services of a host without a gateway", async () => {
    const response = await curl(`${running.http2}/host`, "--list-services");
    expect(response.split("\n")).toEqual([...OWN, "users.v1.UserService"]);
  });

  it("opens another stream where one has ended, and requests by name the files that a response has left out", async () => {
    const few = `${running.http2}/few`;
    const methods = (await curl(few, "--list-methods")).split("\n");
    for (const method of ["stock.v1.StockService/Count", "users.v1.UserService/GetUser"]) expect(methods).toContain(method);
    expect(JSON.parse(await curl(`${few}/stock.v1.StockService/Count`, "-d", '{"sku": "a"}'))).toEqual({ sku: "a", pieces: "3" });
  });

  it("needs HTTP/2 for reflection, and a schema over HTTP/1.1", async () => {
    expect(await curl(running.http1, "--list-services", "--reflect-protocol", "grpc-v1")).toMatch(/^exit /);
    const schema = ["--schema", join(folder, "set.binpb")];
    expect(JSON.parse(await curl(`${running.http1}/stock.v1.StockService/Count`, ...schema, "-d", "{}"))).toEqual({ pieces: "3" });
  });
});
