// Answers of RPC methods: one for all protocols, none for callers who may not have it.
import { create, fromBinary, toBinary, toJsonString } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { CacheInput } from "../../../../core/config/cache.ts";
import { GetUserRequestSchema, UserSchema } from "../../../../protos/gen/users/v1/users_pb.ts";
import type { Gateway } from "../../../../workers/gateway/gateway.ts";
import { enveloped, gatewayTo, rest, USER, unary, userFor } from "../../../support/gateway.ts";

const ID = USER.id;
const proto = toBinary(UserSchema, create(UserSchema, USER));
const message = toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { id: ID }));

interface World {
  readonly gateway: Gateway;
  readonly seen: Request[]; // by the upstream
}

function world(cache: CacheInput = {}, respond: (request: Request) => Response | Promise<Response> = user, more = {}): World {
  const seen: Request[] = [];
  const gateway = gatewayTo(
    async (request) => {
      seen.push(request.clone() as Request);
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
  return { gateway, seen };
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
const status = (response: Response): string | null => response.headers.get("cache-status");

afterEach(() => vi.useRealTimers());

describe("answers of a method without side effects", () => {
  it("are kept once, whatever protocol and form they are asked for in", async () => {
    const { gateway, seen } = world();
    const first = await gateway(unary("GetUser", { id: ID }));
    expect(status(first)).toMatch(/^tidegate; fwd=uri-miss; fwd-status=200; ttl=2\d\d; stored$/);
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
      expect(status(response)).toMatch(/^tidegate; hit; ttl=2\d\d$/);
      expect(response.headers.get("age")).toBe("0");
      expect(response.headers.get("x-served-by")).toBe("a");
    }
    expect(seen).toHaveLength(1);
  });

  it("are asked for in one form, with nothing of the caller's but what the key has", async () => {
    const { gateway, seen } = world({ vary: ["accept-language"] });
    await gateway(
      unary("GetUser", { id: ID }, { "accept-language": "de, EN", "x-evil": "1", cookie: "a=b", "x-forwarded-host": "evil.example" }),
    );
    const [request] = seen;
    expect(new Uint8Array(await request!.arrayBuffer())).toEqual(message);
    expect([...request!.headers.keys()].filter((name) => name !== "content-length").sort()).toEqual([
      ...[
        "accept-encoding",
        "accept-language",
        "connect-protocol-version",
        "connect-timeout-ms",
        "content-type",
        "traceparent",
        "x-request-id",
      ],
    ]);
    expect(request!.headers.get("accept-language")).toBe("de, en");
  });

  it("differ by message, and by the declared headers", async () => {
    const { gateway, seen } = world({ vary: ["accept-language"] });
    await gateway(unary("GetUser", { id: ID }, { "accept-language": "de" }));
    expect(status(await gateway(unary("GetUser", { id: "usr_other" }, { "accept-language": "de" })))).toContain("fwd=uri-miss");
    expect(status(await gateway(unary("GetUser", { id: ID }, { "accept-language": "fr" })))).toContain("fwd=uri-miss");
    expect(status(await gateway(unary("GetUser", { id: ID })))).toContain("fwd=uri-miss");
    expect(status(await gateway(unary("GetUser", { id: ID }, { "accept-language": "DE" })))).toContain("hit");
    expect(seen).toHaveLength(4);
  });

  it("of a message with fields that nobody knows pass by", async () => {
    const { gateway, seen } = world();
    const unknown = new Uint8Array([...message, 0x78, 0x01]);
    const call = () =>
      new Request("https://gateway.example/users.v1.UserService/GetUser", {
        method: "POST",
        headers: { "content-type": "application/proto" },
        body: unknown,
      });
    expect(status(await gateway(call()))).toBe("tidegate; fwd=bypass; detail=message");
    await gateway(call());
    expect(seen).toHaveLength(2);
  });

  it("end, and are asked for again", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { gateway, seen } = world({ ttlMs: 60_000, jitterPercent: 0 });
    await gateway(get());
    vi.setSystemTime(Date.now() + 59_000);
    const hit = await gateway(get());
    expect(hit.headers.get("age")).toBe("59");
    expect(status(hit)).toBe("tidegate; hit; ttl=1");
    vi.setSystemTime(Date.now() + 1_000);
    expect(status(await gateway(get()))).toContain("fwd=uri-miss; fwd-status=200");
    expect(seen).toHaveLength(2);
  });

  it("live as long as the upstream says, and not at all where it says so", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const says = (cacheControl: string) => () =>
      new Response(proto, { headers: { "content-type": "application/proto", "cache-control": cacheControl } });
    for (const [cacheControl, expected] of [
      ["max-age=7", "ttl=7; stored"],
      ["no-store", "fwd=uri-miss; fwd-status=200"],
      ["private, max-age=7", "fwd=uri-miss; fwd-status=200"],
    ] as const) {
      const { gateway } = world({}, says(cacheControl));
      expect(status(await gateway(get()))).toContain(expected);
    }
    const { gateway } = world({ override: true, ttlMs: 60_000, jitterPercent: 0 }, says("max-age=7"));
    expect(status(await gateway(get()))).toContain("ttl=60; stored");
  });

  it("are not those of methods that change something", async () => {
    const { gateway, seen } = world();
    await gateway(unary("DeleteUser", { id: ID }));
    const again = await gateway(unary("DeleteUser", { id: ID }));
    expect(status(again)).toBeNull();
    expect(seen).toHaveLength(2);
  });

  it("that are errors are kept for a little while where they say that there is nothing, and else not", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const refuse = (code: string, http: number) => () => Response.json({ code, message: "no" }, { status: http });
    const missing = world({}, refuse("not_found", 404));
    expect(status(await missing.gateway(get()))).toMatch(/fwd-status=404; ttl=(8|9|10); stored/);
    const grpcWeb = await missing.gateway(enveloped("GetUser", "application/grpc-web+proto", message));
    expect(status(grpcWeb)).toContain("hit");
    expect(new TextDecoder().decode(await grpcWeb.arrayBuffer())).toContain("grpc-status: 5");
    vi.setSystemTime(Date.now() + 10_001);
    await missing.gateway(get());
    expect(missing.seen).toHaveLength(2);
    for (const [code, http] of [
      ["unauthenticated", 401],
      ["invalid_argument", 400],
      ["resource_exhausted", 429],
      ["internal", 500],
    ] as const) {
      const { gateway, seen } = world({}, refuse(code, http));
      await gateway(get());
      const again = await gateway(get());
      expect(await again.json()).toMatchObject({ code });
      expect(seen).toHaveLength(2);
    }
  });

  it("that no RPC server gives are not kept", async () => {
    const { gateway, seen } = world({}, () => new Response("<html>", { status: 404, headers: { "content-type": "text/html" } }));
    await gateway(get());
    await gateway(get());
    expect(seen).toHaveLength(2);
  });
});

describe("callers who bring credentials", () => {
  const bearer = { authorization: "Bearer a" };

  it("pass by the cache, with all that they have sent", async () => {
    const { gateway, seen } = world();
    await gateway(unary("GetUser", { id: ID }));
    const response = await gateway(unary("GetUser", { id: ID }, { ...bearer, "x-more": "1" }));
    expect(status(response)).toBe("tidegate; fwd=bypass; detail=authorization");
    expect(seen[1]!.headers.get("authorization")).toBe("Bearer a");
    expect(seen[1]!.headers.get("x-more")).toBe("1");
  });

  it("share what the upstream allows to share, where the operator lets it see them", async () => {
    const says = (cacheControl: string) => () =>
      new Response(proto, { headers: { "content-type": "application/proto", "cache-control": cacheControl } });
    const personal = world({ authorization: "forward" }, says("max-age=60"));
    await personal.gateway(unary("GetUser", { id: ID }, bearer));
    await personal.gateway(unary("GetUser", { id: ID }, bearer));
    expect(personal.seen).toHaveLength(2);
    const open = world({ authorization: "forward" }, says("public, max-age=60"));
    await open.gateway(unary("GetUser", { id: ID }, bearer));
    expect(status(await open.gateway(unary("GetUser", { id: ID })))).toContain("hit");
    expect(open.seen[0]!.headers.get("authorization")).toBe("Bearer a");
  });

  it("get everybody's answer where the operator says that it does not depend on them", async () => {
    const { gateway, seen } = world({ authorization: "ignore" });
    await gateway(unary("GetUser", { id: ID }, bearer));
    expect(status(await gateway(unary("GetUser", { id: ID }, { authorization: "Bearer b" })))).toContain("hit");
    expect(seen[0]!.headers.has("authorization")).toBe(false);
  });
});

describe("answers of one tenant", () => {
  it("are not those of another one, nor of nobody", async () => {
    const { gateway, seen } = world({ scope: { header: "x-tenant" } }, (request) => {
      const named = create(UserSchema, { ...USER, displayName: request.headers.get("x-tenant") || "nobody" });
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
    expect(seen).toHaveLength(2);
    expect(await nameFor({})).toBe("nobody");
    expect(await nameFor({ "x-tenant": "" })).toBe("nobody");
    expect(seen).toHaveLength(4);
  });
});

describe("what a call has changed", () => {
  const services = {
    "users.v1.UserService": {
      upstream: { binding: "USERS" },
      retries: false,
      methods: {
        GetUser: { cache: { l2: "none", tags: ["user:{id}", "users"] } },
        UpdateUser: { invalidates: ["user:{user.id}"] },
        DeleteUser: { invalidates: ["user:{id}"] },
      },
    },
  } as const;

  it("is asked for again, and nothing else is", async () => {
    let version = 1;
    const { gateway } = world({}, (request) => (request.url.endsWith("GetUser") ? named(`v${version}`) : named("new")), { services });
    const read = async (id: string): Promise<string> => ((await (await gateway(get(id))).json()) as { displayName: string }).displayName;
    expect([await read(ID), await read("usr_2")]).toEqual(["v1", "v1"]);
    version = 2;
    expect(await read(ID)).toBe("v1");
    vi.setSystemTime(Date.now() + 2);
    const changed = await gateway(rest("PATCH", `/api/v1/users/${ID}`, { displayName: "v2" }));
    expect(changed.status).toBe(200);
    vi.setSystemTime(Date.now() + 2);
    expect([await read(ID), await read("usr_2")]).toEqual(["v2", "v1"]);
  });

  it("is not what a call was to change that failed", async () => {
    let version = 1;
    const refuse = () => Response.json({ code: "permission_denied", message: "no" }, { status: 403 });
    const { gateway } = world({}, (request) => (request.url.endsWith("GetUser") ? named(`v${version}`) : refuse()), { services });
    await gateway(get());
    version = 2;
    expect((await gateway(unary("DeleteUser", { id: ID }))).status).toBe(403);
    vi.setSystemTime(Date.now() + 2);
    expect(status(await gateway(get()))).toContain("hit");
  });

  it("has to be named by fields that are there", () => {
    const methods = {
      UpdateUser: { invalidates: ["user:{id}"] },
      GetUser: { cache: { l2: "none", tags: ["user:{name}"] } },
      CreateUser: { cache: { l2: "none" } },
    } as const;
    const attempt = () => gatewayTo(user, { services: { "users.v1.UserService": { upstream: { binding: "USERS" }, methods } } });
    expect(attempt).toThrow(/UpdateUser\.invalidates: found \{id\}/);
    expect(attempt).toThrow(/GetUser\.cache\.tags: found \{name\}/);
    expect(attempt).toThrow(/CreateUser\.cache: found the cache for CreateUser/);
  });
});

describe("an answer that the gateway gives itself", () => {
  it("says that the cache had no part in it", async () => {
    const { gateway } = world({}, () => {
      throw new Error("connection refused");
    });
    const answer = await gateway(get());
    expect([answer.status, status(answer)]).toEqual([503, "tidegate; detail=refused"]);
  });
});

describe("a call that names its version", () => {
  it("gets that version's answer, and nobody else does", async () => {
    const canary = { fetch: () => Promise.resolve(named("canary")) };
    const own = { fetch: () => Promise.resolve(named("own")) };
    const traffic = { canaries: [{ name: "next", upstream: { binding: "NEXT" }, header: "x-version" }] };
    const methods = { GetUser: { cache: { l2: "none" } } } as const;
    const services = { "users.v1.UserService": { upstream: { binding: "OWN" }, traffic, methods } };
    const gateway = gatewayTo(user, { services }, { OWN: own, NEXT: canary });
    const ask = (headers: Record<string, string>) => gateway(new Request(getUrl(`connect=v1&encoding=proto&message=`), { headers }));
    const nameOf = async (response: Response): Promise<string> =>
      fromBinary(UserSchema, new Uint8Array(await response.arrayBuffer())).displayName;
    const tried = await ask({ "x-version": "next" });
    expect(status(tried)).toBe("tidegate; fwd=bypass; detail=version");
    expect(await nameOf(tried)).toBe("canary");
    expect(await nameOf(await ask({}))).toBe("own");
    expect(await nameOf(await ask({ "x-version": "next" }))).toBe("canary");
    expect(status(await ask({}))).toContain("hit");
  });
});
