// Plain HTTP routes beside RPC and REST: which route a path matches, and what is forwarded.
import { describe, expect, it } from "vitest";
import { cachedRoute, cacheStatus, freshResponse } from "../support/cached-route.ts";
import { gatewayTo, json, unary } from "../support/gateway.ts";

describe("a plain HTTP route", () => {
  const upstream = (name: string) => ({ fetch: (url: string) => Promise.resolve(new Response(`${name} ${new URL(url).pathname}`)) });

  it("receives paths that match no RPC and no REST rule, by the longest prefix", async () => {
    const httpRoutes = { "/": { upstream: { binding: "ALL" } }, "/assets/": { upstream: { binding: "ASSETS" } } };
    const services = { "users.v1.UserService": { upstream: { binding: "USERS" } } };
    const gateway = gatewayTo(() => json({ id: "1" }), { httpRoutes, services }, { ALL: upstream("all"), ASSETS: upstream("assets") });
    const text = async (path: string) => (await gateway(new Request(`https://gateway.example${path}`))).text();
    expect(await text("/assets/a.png")).toBe("assets /assets/a.png");
    expect(await text("/assets")).toBe("all /assets");
    expect(await text("/other")).toBe("all /other");
    expect(await (await gateway(unary("GetUser"))).json()).toEqual({ id: "1" });
  });

  it("does not exist for paths without a matching prefix", async () => {
    const { send } = cachedRoute(() => freshResponse(), {}, { httpRoutes: { "/a/": { upstream: { binding: "ORIGIN" } } } });
    expect([(await send("/a/b")).status, (await send("/b")).status, (await send("/a")).status]).toEqual([200, 404, 404]);
  });

  it("forwards redirects and errors as they are, and adds no Cache-Status without a cache", async () => {
    let body = "";
    const { send, received } = cachedRoute(
      async (request) => {
        body += await request.text();
        return request.method === "POST"
          ? new Response(null, { status: 303, headers: { location: "/x" } })
          : new Response("late", { status: 504 });
      },
      {},
      { httpRoutes: { "/": { upstream: { binding: "ORIGIN" } } } },
    );
    const posted = await send("/a", { method: "POST", body: "b", redirect: "manual" });
    expect([posted.status, posted.headers.get("location"), cacheStatus(posted)]).toEqual([303, "/x", null]);
    expect([(await send("/a")).status, body, received[0]!.headers.has("connect-timeout-ms")]).toEqual([504, "b", false]);
  });
});
