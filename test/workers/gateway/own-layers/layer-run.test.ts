// A team's own layers through whole pipelines: what they may do, and what becomes of their mistakes.
import { create } from "@bufbuild/protobuf";
import * as v from "valibot";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import { UserSchema } from "../../../../protos/gen/users/v1/users_pb.ts";
import {
  type CustomLayer,
  defineLayer,
  LAYER_POSITIONS,
  type LayerHandler,
  type LayerPosition,
  refusal,
} from "../../../../workers/gateway/layer.ts";
import { cachedRoute, cacheStatus, freshResponse } from "../../../support/cached-route.ts";
import { enveloped, gatewayTo, json, rest, USER, unary, userFor } from "../../../support/gateway.ts";

afterEach(() => vi.restoreAllMocks());

const own = (at: LayerPosition, handler: LayerHandler, needs?: "message"): CustomLayer =>
  defineLayer({ name: "own", at, needs, schema: v.strictObject({}), layer: () => handler });

const ON: Partial<GatewayInput> = { defaults: { layers: { own: {} }, retries: { max: 3, baseMs: 1, maxMs: 2 } } };

function gateway(
  at: LayerPosition,
  handler: LayerHandler,
  { input = ON, needs }: { input?: Partial<GatewayInput>; needs?: "message" } = {},
) {
  const seen: Request[] = [];
  const upstream = (request: Request) => {
    seen.push(request);
    return userFor(request);
  };
  return { send: gatewayTo(upstream, input, {}, undefined, [own(at, handler, needs)]), seen };
}

const get = (headers: Record<string, string> = {}) => unary("GetUser", { id: USER.id }, headers);
const getByRest = (headers: Record<string, string> = {}) => rest("GET", `/api/v1/users/${USER.id}`, undefined, headers);
const getByGrpcWeb = () => enveloped("GetUser", "application/grpc-web+proto");

/** The log records of a test. */
function logged() {
  const records: Record<string, unknown>[] = [];
  for (const level of ["error", "warn"] as const)
    vi.spyOn(console, level).mockImplementation((line: unknown) => void records.push(JSON.parse(String(line)) as Record<string, unknown>));
  return records;
}

const MISTAKES: readonly (readonly [string, LayerHandler])[] = [
  ["throws", () => Promise.reject(new Error("secret detail"))],
  ["returns nothing", () => undefined as unknown as Response],
  [
    "calls next twice",
    async (_, next) => {
      await (await next()).body?.cancel();
      return next();
    },
  ],
  [
    "returns a response that it has read",
    async (_, next) => {
      const copy = new Response((await next()).body);
      await copy.text();
      return copy;
    },
  ],
  [
    "writes a reserved header",
    (call, next) => {
      call.upstream.set("Host", "a");
      return next();
    },
  ],
  [
    "writes a value that cannot be sent",
    (call, next) => {
      call.upstream.set("x-a", "a\r\nb");
      return next();
    },
  ],
  [
    "reads a message that it has not declared",
    (call, next) => {
      call.message();
      return next();
    },
  ],
];

describe.each(LAYER_POSITIONS)("an own layer at %s", (at) => {
  it("passes calls of every protocol on, once, and their responses back", async () => {
    let calls = 0;
    const { send, seen } = gateway(at, async (_, next) => {
      calls++;
      const response = await next();
      response.headers.set("x-own", "1");
      return response;
    });
    for (const request of [get(), getByRest(), getByGrpcWeb()]) {
      const response = await send(request);
      expect([response.status, response.headers.get("x-own")]).toEqual([200, "1"]);
      await response.arrayBuffer();
    }
    expect([calls, seen.length]).toEqual([3, 3]);
  });

  it("refuses a call in its protocol, without a call to the upstream", async () => {
    const { send, seen } = gateway(at, () => {
      throw refusal("resource_exhausted", "come back\nlater", { retryAfterMs: 1_500 });
    });
    const connect = await send(get());
    expect([connect.status, connect.headers.get("retry-after")]).toEqual([429, "2"]);
    expect(await connect.json()).toMatchObject({ code: "resource_exhausted", message: "come back\\u{a}later" });
    expect((await send(getByRest())).status).toBe(429);
    expect((await send(getByGrpcWeb())).headers.get("grpc-status")).toBe("8");
    expect(seen).toEqual([]);
  });

  it("responds with a message in the protocol and the encoding of the caller", async () => {
    const { send, seen } = gateway(at, (call) => call.respond({ id: "usr_own", displayName: "Own" }));
    expect(await (await send(get())).json()).toEqual({ id: "usr_own", displayName: "Own" });
    expect(await (await send(getByRest())).json()).toMatchObject({ id: "usr_own", displayName: "Own" });
    const text = new TextDecoder().decode(await (await send(getByGrpcWeb())).arrayBuffer());
    expect(text).toMatch(/usr_own.*grpc-status: 0/s);
    expect(seen).toEqual([]);
  });

  it.each(MISTAKES)("that %s fails its call as an internal error, and is named in the log alone", async (_, handler) => {
    const records = logged();
    const { send, seen } = gateway(at, handler);
    const response = await send(get());
    expect([response.status, await response.json()]).toEqual([500, { code: "internal", message: "internal error" }]);
    expect(records).toEqual([expect.objectContaining({ event: "layer_failed", layer: "own", route: "users.v1.UserService/GetUser" })]);
    expect(seen.length).toBeLessThanOrEqual(1); // nothing is retried for it
  });

  it("lets refusals of the gateway and failures of the upstream through as they are", async () => {
    const records = logged();
    const through: LayerHandler = (_, next) => next();
    const down = gatewayTo(() => json({ code: "not_found" }, { status: 404 }), ON, {}, undefined, [own(at, through)]);
    expect((await down(get())).status).toBe(404);
    expect((await gateway(at, through).send(get({ "connect-timeout-ms": "x" }))).status).toBe(400);
    expect(records).toEqual([]);
  });
});

describe("an own layer", () => {
  it("that is still busy at the deadline ends with the call", async () => {
    const records = logged();
    const never = () => new Promise<never>(() => undefined);
    for (const at of ["before_auth", "before_upstream"] as const) {
      expect((await gateway(at, never).send(get({ "connect-timeout-ms": "50" }))).status).toBe(504);
      const after = gateway(at, async (_, next) => {
        await (await next()).body?.cancel();
        return never();
      });
      expect((await after.send(get({ "connect-timeout-ms": "50" }))).status).toBe(504);
    }
    expect(records.filter(({ event }) => event === "layer_failed")).toHaveLength(4);
  });

  it("may respond while the call is below, whose response is dropped then", async () => {
    const { send, seen } = gateway("after_auth", (call, next) => {
      void next();
      return call.respond({ id: "usr_first" });
    });
    expect(await (await send(get())).json()).toEqual({ id: "usr_first" });
    await vi.waitFor(() => expect(seen).toHaveLength(1), { timeout: 30_000 });
  });

  it("writes headers for the upstream, and reads what the caller has sent", async () => {
    const { send, seen } = gateway("after_auth", (call, next) => {
      call.upstream.set("x-tenant", call.headers.get("x-team") ?? "none");
      call.upstream.add("x-list", "b");
      call.upstream.remove("x-debug");
      return next();
    });
    await send(get({ "x-team": "blue", "x-list": "a", "x-debug": "1" }));
    const { headers } = seen[0]!;
    expect([headers.get("x-tenant"), headers.get("x-list"), headers.get("x-debug")]).toEqual(["blue", "a, b", null]);
  });

  it("sees the facts of a call", async () => {
    const facts: unknown[] = [];
    const { send } = gateway("before_cache", (call, next) => {
      const { id, protocol, route, httpMethod, path, query, address, principal } = call;
      facts.push({ id, protocol, name: route.name, httpMethod, path, query, address, principal });
      return next();
    });
    await send(getByRest({ "x-request-id": "r1", "cf-connecting-ip": "192.0.2.1" }));
    await send(get({ "x-request-id": "r2" }));
    const name = "users.v1.UserService/GetUser";
    expect(facts).toEqual([
      { id: "r1", protocol: "rest", name, httpMethod: "GET", path: `/api/v1/users/${USER.id}`, query: "", address: "192.0.2.1" },
      { id: "r2", protocol: "connect", name, httpMethod: "POST", path: `/${name}`, query: "" },
    ]);
  });

  it("reads the message that it needs", async () => {
    const ids: unknown[] = [];
    const read: LayerHandler = (call, next) => {
      ids.push((call.message() as { id?: string } | undefined)?.id);
      return next();
    };
    const { send } = gateway("before_cache", read, { needs: "message" });
    for (const request of [get(), getByRest()]) await (await send(request)).arrayBuffer();
    expect(ids).toEqual([USER.id, USER.id]);
  });

  it("responds with a message of the method, and with no other one", async () => {
    const records = logged();
    const { send } = gateway("after_auth", (call) => call.respond(create(UserSchema, { id: "usr_m" })));
    expect(await (await send(get())).json()).toEqual({ id: "usr_m" });
    const other = await send(unary("ListUsers"));
    expect([other.status, records[0]?.["error"]]).toEqual([500, expect.stringContaining("responds with a users.v1.User to ListUsers")]);
  });

  it("responds in the protocol of an upstream that speaks another one", async () => {
    const services = { "users.v1.UserService": { upstream: { binding: "USERS", protocol: "grpc_web" as const } } };
    const { send } = gateway("before_upstream", (call) => call.respond({ id: "usr_own" }), { input: { ...ON, services } });
    expect(await (await send(get())).json()).toEqual({ id: "usr_own" });
    expect(await (await send(getByRest())).json()).toMatchObject({ id: "usr_own" });
  });
});

describe("an own layer on a route with a cache", () => {
  const input: Partial<GatewayInput> = {
    httpRoutes: { "/": { upstream: { binding: "ORIGIN" }, cache: { l2: "none" }, layers: { own: {} } } },
  };

  it.each([
    ["response", 3],
    ["before_auth", 3],
    ["after_auth", 3],
    ["before_cache", 3],
    ["before_upstream", 1],
  ] as const)("at %s sees %i of three calls", async (at, want) => {
    let calls = 0;
    const handler: LayerHandler = (_, next) => {
      calls++;
      return next();
    };
    const { send, received } = cachedRoute(() => freshResponse(), {}, input, {}, [own(at, handler)]);
    for (let call = 0; call < 3; call++) await (await send("/a")).text();
    expect([calls, received.length]).toEqual([want, 1]);
  });

  it("learns nothing of a caller where the response is for several", async () => {
    const facts: unknown[] = [];
    const handler: LayerHandler = (call, next) => {
      facts.push([call.address, call.principal, call.headers.get("x-caller"), call.path]);
      return next();
    };
    const { send } = cachedRoute(() => freshResponse(), {}, input, {}, [own("before_upstream", handler)]);
    await send("/a", { headers: { "x-caller": "me", "cf-connecting-ip": "192.0.2.1" } });
    expect(facts).toEqual([[undefined, undefined, null, "/a"]]);
  });

  it("that fails is no failure of the upstream: no stale response hides it, and the upstream is called again", async () => {
    const records = logged();
    let isBroken = false;
    const handler: LayerHandler = (_, next) => {
      if (isBroken) throw new Error("broken");
      return next();
    };
    const stale = () => freshResponse("hello", { "cache-control": "max-age=0, stale-if-error=600" });
    const { send, received } = cachedRoute(stale, {}, input, {}, [own("before_upstream", handler)]);
    expect((await send("/a")).status).toBe(200);
    isBroken = true;
    expect([(await send("/a")).status, records[0]?.["event"]]).toEqual([500, "layer_failed"]);
    isBroken = false;
    const again = await send("/a");
    expect([again.status, received.length, cacheStatus(again)]).toEqual([200, 2, expect.not.stringContaining("stale-if-error")]);
  });
});
