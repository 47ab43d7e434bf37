// Lookups of RPC calls: one stored response for all protocols, and none for callers that may not have it.
import { create, fromBinary, toBinary, toJsonString } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { CacheInput } from "../../../../../core/config/cache.ts";
import { GetUserRequestSchema, UserSchema } from "../../../../../protos/gen/users/v1/users_pb.ts";
import type { Gateway } from "../../../../../workers/gateway/gateway.ts";
import { enveloped, gatewayTo, rest, USER, unary, userFor } from "../../../../support/gateway.ts";

const ID = USER.id;
const proto = toBinary(UserSchema, create(UserSchema, USER));
const message = toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { id: ID }));

interface CachedMethod {
  readonly gateway: Gateway;
  readonly received: Request[]; // requests that the upstream received
}

function cachedMethod(cache: CacheInput = {}, respond: (request: Request) => Response | Promise<Response> = user, more = {}): CachedMethod {
  const received: Request[] = [];
  const gateway = gatewayTo(
    async (request) => {
      received.push(request.clone() as Request);
      return respond(request);
    },
    {
      services: {
        "users.v1.UserService": {
          upstream: { binding: "USERS" },
          retries: false,
          methods: { GetUser: { cache: { l2: "none", ...cache } } },
        },
      },
      ...more,
    },
  );
  return { gateway, received };
}

const user = (request: Request): Response => {
  const response = userFor(request);
  response.headers.set("x-served-by", "a");
  return response;
};
const named = (displayName: string): Response =>
  new Response(toBinary(UserSchema, create(UserSchema, { ...USER, displayName })), { headers: { "content-type": "application/proto" } });
const getUrl = (query: string): Request => new Request(`https://gateway.example/users.v1.UserService/GetUser?${query}`);
const get = (id = ID): Request => getUrl(`connect=v1&encoding=json&message=${encodeURIComponent(JSON.stringify({ id }))}`);
const cacheStatus = (response: Response): string | null => response.headers.get("cache-status");

afterEach(() => vi.useRealTimers());

describe("responses of a method without side effects", () => {
  it("are stored once for all protocols and encodings", async () => {
    const { gateway, received } = cachedMethod();
    const first = await gateway(unary("GetUser", { id: ID }));
    expect(cacheStatus(first)).toMatch(/^tidegate; fwd=uri-miss; fwd-status=200; ttl=2\d\d; stored$/);
    expect(await first.json()).toEqual(USER);

    const binary = await gateway(
      new Request("https://gateway.example/users.v1.UserService/GetUser", {
        method: "POST",
        headers: { "content-type": "application/proto" },
        body: message,
      }),
    );
    expect(binary.headers.get("content-type")).toBe("application/proto");
    expect(fromBinary(UserSchema, new Uint8Array(await binary.arrayBuffer()))).toMatchObject(USER);

    const viaGet = await gateway(get());
    expect(viaGet.headers.get("content-type")).toBe("application/json");
    expect(await viaGet.json()).toEqual(USER);

    const base64 = btoa(String.fromCharCode(...message)).replace(/=+$/, "");
    const viaProtoGet = await gateway(getUrl(`connect=v1&encoding=proto&base64=1&message=${encodeURIComponent(base64)}`));
    expect(new Uint8Array(await viaProtoGet.arrayBuffer())).toEqual(proto);

    const grpcWeb = await gateway(enveloped("GetUser", "application/grpc-web+proto", message));
    expect(grpcWeb.headers.get("content-type")).toBe("application/grpc-web+proto");
    const bytes = new Uint8Array(await grpcWeb.arrayBuffer());
    expect(bytes.slice(5, 5 + proto.length)).toEqual(proto);
    expect(new TextDecoder().decode(bytes.slice(5 + proto.length + 5))).toContain("grpc-status: 0");

    const restful = await gateway(rest("GET", `/api/v1/users/${ID}`));
    expect(await restful.json()).toEqual(USER);

    for (const response of [binary, viaGet, viaProtoGet, grpcWeb, restful]) {
      expect(cacheStatus(response)).toMatch(/^tidegate; hit; ttl=2\d\d$/);
      expect(response.headers.get("age")).toBe("0");
      expect(response.headers.get("x-served-by")).toBe("a");
    }
    expect(received).toHaveLength(1);
  });

  it("are fetched in canonical form, with the header fields of the key only", async () => {
    const { gateway, received } = cachedMethod({ vary: ["accept-language"] });
    await gateway(
      unary("GetUser", { id: ID }, { "accept-language": "de, EN", "x-evil": "1", cookie: "a=b", "x-forwarded-host": "evil.example" }),
    );
    const [request] = received;
    expect(new Uint8Array(await request!.arrayBuffer())).toEqual(message);
    expect([...request!.headers.keys()].filter((name) => name !== "content-length").sort()).toEqual([
      ...[
        "accept-encoding",
        "accept-language",
        "cdn-loop",
        "connect-protocol-version",
        "connect-timeout-ms",
        "content-type",
        "tidegate-hops",
        "traceparent",
        "x-request-id",
      ],
    ]);
    expect(request!.headers.get("accept-language")).toBe("de, en");
  });

  it("differ by message and by the declared header fields", async () => {
    const { gateway, received } = cachedMethod({ vary: ["accept-language"] });
    await gateway(unary("GetUser", { id: ID }, { "accept-language": "de" }));
    expect(cacheStatus(await gateway(unary("GetUser", { id: "usr_other" }, { "accept-language": "de" })))).toContain("fwd=uri-miss");
    expect(cacheStatus(await gateway(unary("GetUser", { id: ID }, { "accept-language": "fr" })))).toContain("fwd=uri-miss");
    expect(cacheStatus(await gateway(unary("GetUser", { id: ID })))).toContain("fwd=uri-miss");
    expect(cacheStatus(await gateway(unary("GetUser", { id: ID }, { "accept-language": "DE" })))).toContain("hit");
    expect(received).toHaveLength(4);
  });

  it("are not stored for messages with unknown fields", async () => {
    const { gateway, received } = cachedMethod();
    const unknown = new Uint8Array([...message, 0x78, 0x01]);
    const call = () =>
      new Request("https://gateway.example/users.v1.UserService/GetUser", {
        method: "POST",
        headers: { "content-type": "application/proto" },
        body: unknown,
      });
    expect(cacheStatus(await gateway(call()))).toBe("tidegate; fwd=bypass; detail=message");
    await gateway(call());
    expect(received).toHaveLength(2);
  });

  it("expire, and are fetched again", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { gateway, received } = cachedMethod({ ttlMs: 60_000, jitterPercent: 0 });
    await gateway(get());
    vi.setSystemTime(Date.now() + 59_000);
    const hit = await gateway(get());
    expect(hit.headers.get("age")).toBe("59");
    expect(cacheStatus(hit)).toBe("tidegate; hit; ttl=1");
    vi.setSystemTime(Date.now() + 1_000);
    expect(cacheStatus(await gateway(get()))).toContain("fwd=uri-miss; fwd-status=200");
    expect(received).toHaveLength(2);
  });

  it("are fresh for the time that the upstream states, and not stored where it forbids that", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const withCacheControl = (cacheControl: string) => () =>
      new Response(proto, { headers: { "content-type": "application/proto", "cache-control": cacheControl } });
    for (const [cacheControl, expected] of [
      ["max-age=7", "ttl=7; stored"],
      ["no-store", "fwd=uri-miss; fwd-status=200"],
      ["private, max-age=7", "fwd=uri-miss; fwd-status=200"],
    ] as const) {
      const { gateway } = cachedMethod({}, withCacheControl(cacheControl));
      expect(cacheStatus(await gateway(get()))).toContain(expected);
    }
    const { gateway } = cachedMethod({ override: true, ttlMs: 60_000, jitterPercent: 0 }, withCacheControl("max-age=7"));
    expect(cacheStatus(await gateway(get()))).toContain("ttl=60; stored");
  });

  it("are not stored for methods with side effects", async () => {
    const { gateway, received } = cachedMethod();
    await gateway(unary("DeleteUser", { id: ID }));
    const again = await gateway(unary("DeleteUser", { id: ID }));
    expect(cacheStatus(again)).toBeNull();
    expect(received).toHaveLength(2);
  });

  it("are stored for a short time for not_found, and not for other errors", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const refuse = (code: string, http: number) => () => Response.json({ code, message: "no" }, { status: http });
    const missing = cachedMethod({}, refuse("not_found", 404));
    expect(cacheStatus(await missing.gateway(get()))).toMatch(/fwd-status=404; ttl=(8|9|10); stored/);
    const grpcWeb = await missing.gateway(enveloped("GetUser", "application/grpc-web+proto", message));
    expect(cacheStatus(grpcWeb)).toContain("hit");
    expect(new TextDecoder().decode(await grpcWeb.arrayBuffer())).toContain("grpc-status: 5");
    vi.setSystemTime(Date.now() + 10_001);
    await missing.gateway(get());
    expect(missing.received).toHaveLength(2);
    for (const [code, http] of [
      ["unauthenticated", 401],
      ["invalid_argument", 400],
      ["resource_exhausted", 429],
      ["internal", 500],
    ] as const) {
      const { gateway, received } = cachedMethod({}, refuse(code, http));
      await gateway(get());
      const again = await gateway(get());
      expect(await again.json()).toMatchObject({ code });
      expect(received).toHaveLength(2);
    }
  });

  it("are not stored where they are no RPC responses", async () => {
    const { gateway, received } = cachedMethod({}, () => new Response("<html>", { status: 404, headers: { "content-type": "text/html" } }));
    await gateway(get());
    await gateway(get());
    expect(received).toHaveLength(2);
  });
});

describe("calls with credentials", () => {
  const bearer = { authorization: "Bearer a" };

  it("bypass the cache with all header fields", async () => {
    const { gateway, received } = cachedMethod();
    await gateway(unary("GetUser", { id: ID }));
    const response = await gateway(unary("GetUser", { id: ID }, { ...bearer, "x-more": "1" }));
    expect(cacheStatus(response)).toBe("tidegate; fwd=bypass; detail=authorization");
    expect(received[1]!.headers.get("authorization")).toBe("Bearer a");
    expect(received[1]!.headers.get("x-more")).toBe("1");
  });

  it("share responses that the upstream allows to share, where credentials are forwarded", async () => {
    const withCacheControl = (cacheControl: string) => () =>
      new Response(proto, { headers: { "content-type": "application/proto", "cache-control": cacheControl } });
    const personal = cachedMethod({ authorization: "forward" }, withCacheControl("max-age=60"));
    await personal.gateway(unary("GetUser", { id: ID }, bearer));
    await personal.gateway(unary("GetUser", { id: ID }, bearer));
    expect(personal.received).toHaveLength(2);
    const open = cachedMethod({ authorization: "forward" }, withCacheControl("public, max-age=60"));
    await open.gateway(unary("GetUser", { id: ID }, bearer));
    expect(cacheStatus(await open.gateway(unary("GetUser", { id: ID })))).toContain("hit");
    expect(open.received[0]!.headers.get("authorization")).toBe("Bearer a");
  });

  it("share responses with all callers where the operator ignores credentials", async () => {
    const { gateway, received } = cachedMethod({ authorization: "ignore" });
    await gateway(unary("GetUser", { id: ID }, bearer));
    expect(cacheStatus(await gateway(unary("GetUser", { id: ID }, { authorization: "Bearer b" })))).toContain("hit");
    expect(received[0]!.headers.has("authorization")).toBe(false);
  });
});

describe("responses of one tenant", () => {
  it("are not served to another tenant, nor to calls without one", async () => {
    const { gateway, received } = cachedMethod({ scope: { header: "x-tenant" } }, (request) => {
      const named = create(UserSchema, { ...USER, displayName: request.headers.get("x-tenant") || "no tenant" });
      const contentType = request.headers.get("content-type")!;
      return new Response(contentType.endsWith("json") ? toJsonString(UserSchema, named) : toBinary(UserSchema, named), {
        headers: { "content-type": contentType },
      });
    });
    const nameFor = async (headers: Record<string, string>): Promise<string> => {
      const response = await gateway(unary("GetUser", { id: ID }, headers));
      return ((await response.json()) as { displayName: string }).displayName;
    };
    expect(await nameFor({ "x-tenant": "a" })).toBe("a");
    expect(await nameFor({ "x-tenant": "b" })).toBe("b");
    expect(await nameFor({ "x-tenant": "a" })).toBe("a");
    expect(received).toHaveLength(2);
    expect(await nameFor({})).toBe("no tenant");
    expect(await nameFor({ "x-tenant": "" })).toBe("no tenant");
    expect(received).toHaveLength(4);
  });
});

describe("a response of the gateway itself", () => {
  it("has a Cache-Status without hit and fwd", async () => {
    const { gateway } = cachedMethod({}, () => {
      throw new Error("connection refused");
    });
    const response = await gateway(get());
    expect([response.status, cacheStatus(response)]).toEqual([503, "tidegate; detail=refused"]);
  });
});

describe("a call that chooses a version", () => {
  it("gets the response of that version, and no other call does", async () => {
    const canary = { fetch: () => Promise.resolve(named("canary")) };
    const own = { fetch: () => Promise.resolve(named("own")) };
    const traffic = { canaries: [{ name: "next", upstream: { binding: "NEXT" }, header: "x-version" }] };
    const methods = { GetUser: { cache: { l2: "none" } } } as const;
    const services = { "users.v1.UserService": { upstream: { binding: "OWN" }, traffic, methods } };
    const gateway = gatewayTo(user, { services }, { OWN: own, NEXT: canary });
    const send = (headers: Record<string, string>) => gateway(new Request(getUrl(`connect=v1&encoding=proto&message=`), { headers }));
    const nameOf = async (response: Response): Promise<string> =>
      fromBinary(UserSchema, new Uint8Array(await response.arrayBuffer())).displayName;
    const tried = await send({ "x-version": "next" });
    expect(cacheStatus(tried)).toBe("tidegate; fwd=bypass; detail=version");
    expect(await nameOf(tried)).toBe("canary");
    expect(await nameOf(await send({}))).toBe("own");
    expect(await nameOf(await send({ "x-version": "next" }))).toBe("canary");
    expect(cacheStatus(await send({}))).toContain("hit");
  });
});
