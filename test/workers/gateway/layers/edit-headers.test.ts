// Edited header fields through whole pipelines: unary calls, streams, REST, plain HTTP, stored responses, refusals.
import { describe, expect, it } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import { cachedRoute, cacheStatus, freshResponse } from "../../../support/cached-route.ts";
import { enveloped, gatewayTo, json, rest, USER, unary, userFor } from "../../../support/gateway.ts";

const EDITS: Partial<GatewayInput> = {
  defaults: {
    requestHeaders: {
      remove: ["cookie"],
      set: { "x-stage": "prod", "x-route": "{route.name}", "x-user": "{auth.subject}", "x-real-ip": "{client.address}" },
      default: { "user-agent": "tidegate" },
      add: { "x-via-list": ["a", "b"] },
    },
    responseHeaders: {
      remove: ["x-internal"],
      set: { "x-request": "{request.id}", "cache-control": "public, max-age=9" },
      add: { link: "</a>" },
    },
  },
};

function gateway(input: Partial<GatewayInput> = EDITS, bindings: Record<string, unknown> = {}) {
  const seen: Request[] = [];
  const send = gatewayTo(
    (request) => {
      seen.push(request);
      const response = userFor(request);
      response.headers.set("x-internal", "1");
      response.headers.set("link", "</own>");
      return response;
    },
    input,
    bindings,
  );
  return { send, seen };
}

const CALLER = { cookie: "a=1", "x-user": "admin", "x-request-id": "r1", "cf-connecting-ip": "192.0.2.1", "x-via-list": "own" };

describe("edited requests", () => {
  it("have the fields of the route, and nothing that a caller has sent in their place", async () => {
    const { send, seen } = gateway();
    expect((await send(unary("GetUser", { id: USER.id }, CALLER))).status).toBe(200);
    const { headers } = seen[0]!;
    expect([headers.get("x-stage"), headers.get("x-route"), headers.get("x-real-ip")]).toEqual([
      "prod",
      "users.v1.UserService/GetUser",
      "192.0.2.1",
    ]);
    expect([headers.get("cookie"), headers.get("x-user"), headers.get("user-agent")]).toEqual([null, null, "tidegate"]);
    expect(headers.get("x-via-list")).toBe("own, a, b");
  });

  it("are the same for REST, gRPC-Web, and an upstream that speaks another protocol than the caller", async () => {
    for (const protocol of ["both", "grpc_web", "connect"] as const) {
      const services = { "users.v1.UserService": { upstream: { binding: "USERS", protocol } } };
      const { send, seen } = gateway({ ...EDITS, services });
      await (await send(rest("GET", `/api/v1/users/${USER.id}`, undefined, CALLER))).text();
      await (await send(enveloped("GetUser", "application/grpc-web+proto", new Uint8Array(), CALLER))).arrayBuffer();
      expect(seen.map(({ headers }) => [headers.get("x-stage"), headers.get("cookie"), headers.get("x-via-list")])).toEqual([
        ["prod", null, "own, a, b"],
        ["prod", null, "own, a, b"],
      ]);
    }
  });

  it("are written once for all attempts, and for the fallback", async () => {
    const lists: (string | null)[] = [];
    const down = ({ headers }: Request) => {
      lists.push(headers.get("x-via-list"));
      return json({ code: "unavailable" }, { status: 503 });
    };
    const other = {
      fetch: (url: string, init: RequestInit) => {
        lists.push(new Headers(init.headers).get("x-via-list"));
        return Promise.resolve(userFor(new Request(url, init)));
      },
    };
    const services = {
      "users.v1.UserService": {
        upstream: { binding: "USERS" },
        retries: { max: 2, baseMs: 1, maxMs: 2 },
        fallback: { upstream: { binding: "OTHER" } },
      },
    };
    const send = gatewayTo(down, { ...EDITS, services }, { OTHER: other });
    expect((await send(unary("GetUser", { id: USER.id }))).status).toBe(200);
    expect(lists.length).toBeGreaterThanOrEqual(3);
    expect(new Set(lists)).toEqual(new Set(["a, b"]));
  });

  it("carry secrets of the Worker", async () => {
    const defaults = { requestHeaders: { set: { authorization: "Bearer {secret.UPSTREAM_TOKEN}" } } };
    const { send, seen } = gateway({ defaults }, { UPSTREAM_TOKEN: "s3cret" });
    await send(unary("GetUser", { id: USER.id }, { authorization: "Bearer of-the-caller" }));
    expect(seen[0]!.headers.get("authorization")).toBe("Bearer s3cret");
  });
});

describe("edited responses", () => {
  it("have the fields of the route in every protocol", async () => {
    const { send } = gateway();
    for (const request of [
      unary("GetUser", { id: USER.id }, CALLER),
      rest("GET", `/api/v1/users/${USER.id}`, undefined, CALLER),
      enveloped("GetUser", "application/grpc-web+proto", new Uint8Array(), CALLER),
    ]) {
      const { status, headers } = await send(request);
      expect([status, headers.get("x-request"), headers.get("x-internal"), headers.get("cache-control")]).toEqual([
        200,
        "r1",
        null,
        "public, max-age=9",
      ]);
      expect(headers.get("link")).toBe("</own>, </a>");
    }
  });

  it("keep the trailers of gRPC-Web and Connect as they are", async () => {
    const send = gatewayTo((request) => {
      const response = userFor(request);
      response.headers.set("trailer-x-internal", "kept");
      return response;
    }, EDITS);
    const connect = await send(unary("GetUser", { id: USER.id }));
    expect(connect.headers.get("trailer-x-internal")).toBe("kept");
    const text = new TextDecoder().decode(await (await send(enveloped("GetUser", "application/grpc-web+proto"))).arrayBuffer());
    expect(text).toMatch(/grpc-status: 0\r\n/);
  });

  it("are edited where the gateway refuses a call, but for fields about storing", async () => {
    const { send, seen } = gateway();
    const refused = await send(unary("GetUser", "{", { ...CALLER, "connect-timeout-ms": "x" }));
    expect([refused.status, refused.headers.get("x-request"), refused.headers.get("link"), refused.headers.get("cache-control")]).toEqual([
      400,
      "r1",
      "</a>",
      null,
    ]);
    expect(seen).toEqual([]);
  });

  it("come from the cache with the facts of each caller, and nothing of them is stored", async () => {
    const httpRoutes = {
      "/": {
        upstream: { binding: "ORIGIN" },
        cache: { l2: "none" as const },
        responseHeaders: { set: { "x-for": "{client.address}", "cache-control": "private, max-age=1" }, add: { link: "</a>" } },
      },
    };
    const { send, received } = cachedRoute(() => freshResponse("hello", { link: "</own>" }), {}, { httpRoutes });
    const seen = [];
    for (const address of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
      const response = await send("/a", { headers: { "cf-connecting-ip": address } });
      seen.push([
        response.headers.get("x-for"),
        response.headers.get("link"),
        response.headers.get("cache-control"),
        /hit/.test(cacheStatus(response)!),
      ]);
    }
    expect(received).toHaveLength(1);
    expect(seen).toEqual([
      ["192.0.2.1", "</own>, </a>", "private, max-age=1", false],
      ["192.0.2.2", "</own>, </a>", "private, max-age=1", true],
      ["192.0.2.3", "</own>, </a>", "private, max-age=1", true],
    ]);
  });
});
