// The live tap through running gateways: two isolates, real relays, and the real object between them.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import type { GatewayInput } from "../../../../../core/config/gateway.ts";
import { MAX_TAP_FILTERS } from "../../../../../core/tap/tap-messages.ts";
import { createApp } from "../../../../../workers/gateway/app.ts";
import { currentRegion } from "../../../../../workers/gateway/region/isolate-region.ts";
import { json, USER } from "../../../../support/gateway.ts";
import { catalog } from "../../../../support/shipped/catalog.ts";
import { type TapStream, tapStream } from "../../../../support/tap-stream.ts";

const ADMIN_SECRET = "a secret of at least 32 characters, for admins";
const AUTHORIZATION = `Bearer ${ADMIN_SECRET}`;
const ORIGIN = "https://gateway.example";
const DEADLINE = { timeout: 60_000, interval: 100 };
const open: TapStream[] = [];

afterEach(async () => {
  for (const stream of open.splice(0)) await stream.end();
});

/** An isolate: parts, exchange and configuration of its own. @param objects in place of the real object of all metrics */
function isolate(input: Partial<GatewayInput> = {}, bindings: object = {}) {
  const services = { "users.v1.UserService": { upstream: { binding: "USERS" } } } as never;
  const config = { services, admin: { secretBinding: "ADMIN_SECRET" }, httpRoutes: {}, ...input };
  const upstream = { fetch: () => Promise.resolve(json(USER)) };
  const app = createApp(config, catalog, { ...env, USERS: upstream, ADMIN_SECRET, ...bindings } as never);
  const send = async (request: Request): Promise<Response> => app.fetch(request);
  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await send(new Request(ORIGIN + path, init));
    await response.clone().arrayBuffer();
    return response;
  };
  const rpc = (method: string, headers: Record<string, string> = {}) =>
    call(`/users.v1.UserService/${method}`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: "{}" });
  const watch = async (conditions: object = {}) => {
    const stream = await tapStream(send, ORIGIN, AUTHORIZATION, conditions);
    open.push(stream);
    return stream;
  };
  return { call, rpc, watch, send };
}

describe("the live tap", () => {
  it("shows the calls of the isolate that serves the viewer, without an exchange", async () => {
    const { rpc, call, watch } = isolate({}, { RELAY: undefined, TELEMETRY: undefined });
    const stream = await watch();
    await rpc("GetUser", { "x-request-id": "first", authorization: "Bearer s3cret", cookie: "s3cret=1" });
    await call("/api/v1/users/usr_01arz3ndektsv4rrffq69g5fav?token=s3cret");
    await call("/nowhere?token=s3cret");
    await expect.poll(() => stream.events.length, DEADLINE).toBe(3);
    const [rpcCall, restCall, unknown] = stream.events;
    expect(rpcCall).toMatchObject({
      ...{ requestId: "first", route: "users.v1.UserService/GetUser", path: "/users.v1.UserService/GetUser", protocol: "connect" },
      ...{
        httpMethod: "POST",
        status: 200,
        code: "ok",
        attempts: 1,
        upstream: "users.v1.UserService",
        endpoint: "USERS",
        region: currentRegion(),
      },
    });
    expect(restCall).toMatchObject({ route: "users.v1.UserService/GetUser", protocol: "rest" });
    expect(restCall!.path).toMatch(/^\/api\/v1\/users\/\{/);
    expect(unknown).toMatchObject({ path: "/nowhere", protocol: "http", status: 404 });
    expect(unknown!.reason).toMatch(/^unknown_/);
    const text = JSON.stringify(stream.events);
    for (const hidden of ["s3cret", "usr_01arz3", USER.email]) expect(text).not.toContain(hidden);
  });

  it("shows calls of another isolate, which learns of the filter by its exchange, and forgets it with the viewer", async () => {
    const [mine, other] = [isolate(), isolate()];
    const stream = await mine.watch({ route: "users.v1.UserService/GetUser" });
    await expect
      .poll(async () => {
        await other.rpc("GetUser", { "x-request-id": "of-another-isolate" });
        await other.rpc("ListUsers");
        return stream.events.length;
      }, DEADLINE)
      .toBeGreaterThan(0);
    expect(new Set(stream.events.map(({ requestId }) => requestId))).toEqual(new Set(["of-another-isolate"]));
    await stream.end();
    await expect.poll(() => env.TELEMETRY.getByName("all").tapped({ events: [], skipped: {} }), DEADLINE).toEqual([]);
  });

  it("takes so many viewers at once, and says so to the next one", async () => {
    const { watch } = isolate();
    const streams = await Promise.all(Array.from({ length: MAX_TAP_FILTERS + 1 }, () => watch()));
    await expect.poll(() => streams.filter(({ error }) => error() === "resource_exhausted").length, DEADLINE).toBe(1);
  });

  it("costs callers nothing where the object cannot be reached, and shows the calls of its own isolate", async () => {
    const failing = { readTap: () => Promise.reject(new Error("down")), endTap: () => Promise.reject(new Error("down")) };
    const { rpc, watch } = isolate({}, { RELAY: undefined, TELEMETRY: { getByName: () => failing } });
    const stream = await watch();
    for (let call = 0; call < 20; call++) expect((await rpc("GetUser")).status).toBe(200);
    await expect.poll(() => stream.events.length, DEADLINE).toBe(20);
  });

  it("counts what a viewer that does not read has missed", async () => {
    const { rpc, watch } = isolate({ overload: { mode: "off" } } as never, { RELAY: undefined, TELEMETRY: undefined });
    const stream = await watch();
    for (let call = 0; call < 1_000; call++) await rpc("GetUser");
    await rpc("ListUsers");
    await expect.poll(() => stream.events.length + stream.skipped(), DEADLINE).toBe(1_001);
    expect(stream.skipped()).toBeGreaterThan(0);
  });

  it.each([
    [{ sample: 2 }, "invalid_argument"],
    [{ minDurationMs: -1 }, "invalid_argument"],
    [{ route: "x".repeat(300) }, "invalid_argument"],
  ])("refuses %j", async (conditions, code) => {
    const stream = await isolate().watch(conditions);
    await expect.poll(() => stream.error(), DEADLINE).toBe(code);
  });

  it("needs a credential", async () => {
    const { send } = isolate();
    const stream = await tapStream(send, ORIGIN, "Bearer wrong");
    await expect.poll(() => stream.error(), DEADLINE).toBe("unauthenticated");
  });
});
