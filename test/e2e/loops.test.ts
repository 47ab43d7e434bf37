// S04: gateways that call one another in a circle, over the network and over service bindings. A request ends after eight of them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Running, start } from "../../bench/workerd.ts";
import { type Running as Bound, start as startBound } from "../discovery/workerd.ts";

const folder = mkdtempSync(join(tmpdir(), "tidegate-loops-"));
const prepare = () => ({ method: "GET", path: "/calls", headers: {} }); // unused: nothing is measured here
const GET_USER = "users.v1.UserService/GetUser";
let overNetwork: Running;
let overBindings: Bound;

const boundTo = (binding: string): string => `
import { UserService } from "./protos/gen/users/v1/users_pb.ts";
import { configure } from "./workers/gateway/configure/configuration.ts";
import { createGateway } from "./workers/gateway/gateway.ts";
let gateway;
let calls = 0;
export default {
  fetch(request, env) {
    if (request.url.endsWith("/calls")) return Response.json(calls);
    calls += 1;
    gateway ??= createGateway(configure({ services: { "users.v1.UserService": { upstream: { binding: "${binding}" } } } }, [UserService], env));
    return gateway(request);
  },
};`;

const SWITCH = `
export default {
  fetch(request, env) {
    const [, name, ...rest] = new URL(request.url).pathname.split("/");
    return env[name].fetch("https://gateway.example/" + rest.join("/"), request);
  },
};`;

beforeAll(async () => {
  const subject = { entry: "test/support/loops/gateway.ts", about: "", prepare };
  overNetwork = await start(join(folder, "network"), subject, { upstreamPort: 1, cpu: 0 });
  overBindings = await startBound(folder, { gateway: SWITCH, one: boundTo("TWO"), two: boundTo("ONE"), self: boundTo("SELF") });
}, 60_000);

afterAll(() => {
  overNetwork?.stop();
  overBindings?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const post = (url: string, headers: Record<string, string> = {}, body = "{}"): Promise<Response> =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });

const REFUSAL = { code: "failed_precondition", message: "request has been through 8 gateways, as if they called one another in a circle" };

it.each(["one", "self"])("S04 ends a circle over the network that begins at /%s", async (name) => {
  const callsOf = async (): Promise<number> => (await fetch(`${overNetwork.origin}/calls`)).json() as Promise<number>;
  const before = await callsOf();
  const response = await post(`${overNetwork.origin}/${name}/${GET_USER}`);
  expect([response.status, await response.json()]).toEqual([508, REFUSAL]);
  expect((await callsOf()) - before).toBe(9);
});

it("S04 ends a circle of a plain HTTP route", async () => {
  const response = await fetch(`${overNetwork.origin}/asset/files/x`);
  expect([response.status, await response.json()]).toMatchObject([508, { code: 9, message: REFUSAL.message }]);
});

it("S04 ends a circle over service bindings", async () => {
  const callsOf = async (name: string): Promise<number> => (await fetch(`${overBindings.http1}/${name}/calls`)).json() as Promise<number>;
  const response = await post(`${overBindings.http1}/ONE/${GET_USER}`);
  expect([response.status, await response.json()]).toEqual([508, REFUSAL]);
  expect(await Promise.all([callsOf("ONE"), callsOf("TWO")])).toEqual([5, 4]);
  const self = await post(`${overBindings.http1}/SELF/${GET_USER}`);
  expect([self.status, await callsOf("SELF")]).toEqual([508, 9]);
});

it("S04 does not count a circle against the endpoint: many of them open no breaker", async () => {
  for (let call = 0; call < 30; call++) expect((await post(`${overNetwork.origin}/one/${GET_USER}`)).status).toBe(508);
});

it("S04 ends a circle of a stream in its own protocol", async () => {
  const headers = { "content-type": "application/connect+json" };
  const response = await post(`${overNetwork.origin}/one/users.v1.UserService/WatchUsers`, headers, "\0\0\0\0\x02{}");
  expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('"code":"failed_precondition"')]);
});
