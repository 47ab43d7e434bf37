// Prefixes that are stripped and replaced, through the whole gateway: paths, redirects, cookies, cache keys, and attempts to escape.
import { describe, expect, it } from "vitest";
import type { HttpRouteInput } from "../../../../core/config/http-route.ts";
import type { InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { cachedRoute, cacheStatus, freshResponse, type Origin } from "../../../support/cached-route.ts";

const BINDING = { binding: "ORIGIN" };

function route(settings: Partial<HttpRouteInput>, origin: Origin = () => new Response("ok"), prefix = "/shop/") {
  const httpRoutes = { [prefix]: { upstream: BINDING, ...settings } };
  const { send, received } = cachedRoute(origin, {}, { httpRoutes });
  const paths = () => received.map(({ url }) => url.slice("https://origin.internal".length));
  return { send, received, paths };
}

describe("a prefix", () => {
  it("is stripped, or replaced, and the query stays", async () => {
    const stripped = route({ stripPrefix: true });
    const replaced = route({ replacePrefix: "/v2/" });
    for (const { send } of [stripped, replaced]) for (const path of ["/shop/", "/shop/a/b?c=/shop/", "/shop/shop/a"]) await send(path);
    expect(stripped.paths()).toEqual(["/", "/a/b?c=/shop/", "/shop/a"]);
    expect(replaced.paths()).toEqual(["/v2/", "/v2/a/b?c=/shop/", "/v2/shop/a"]);
    expect(stripped.received[0]!.headers.get("x-forwarded-prefix")).toBe("/shop");
  });

  it("is added to all paths of a route without one", async () => {
    const { send, paths, received } = route({ replacePrefix: "/v2/" }, undefined, "/");
    await send("/a", { headers: { "x-forwarded-prefix": "/of-the-caller" } });
    expect([paths(), received[0]!.headers.get("x-forwarded-prefix")]).toEqual([["/v2/a"], null]);
  });

  it.each([
    ["an empty segment", "/shop//etc/passwd"],
    ["an empty segment with a host", "/shop//evil.example/"],
    ["an encoded separator", "/shop/%2Fevil.example"],
    ["a hidden segment of dots", "/shop/..%2Fadmin"],
    ["a parameter after dots", "/shop/..;/admin"],
    ["dots that are encoded twice", "/shop/%252e%252e/admin"],
    ["a backslash", "/shop/%5c..%5cadmin"],
  ])("is not rewritten before %s", async (_, path) => {
    for (const settings of [{ stripPrefix: true }, { replacePrefix: "/v2/", ambiguousPaths: "forward" as const }]) {
      const { send, received } = route(settings);
      expect([(await send(path)).status, received.length]).toEqual([400, 0]);
    }
  });

  it("is part of the keys of the cache, as the caller writes it", async () => {
    const httpRoutes = {
      "/a/": { upstream: BINDING, stripPrefix: true, cache: { l2: "none" as const } },
      "/b/": { upstream: BINDING, stripPrefix: true, cache: { l2: "none" as const } },
    };
    const { send, received } = cachedRoute((_, number) => freshResponse(String(number)), {}, { httpRoutes });
    const texts = [];
    for (const path of ["/a/x", "/b/x", "/a/x"]) texts.push(await (await send(path)).text());
    expect([texts, received.length]).toEqual([["1", "2", "1"], 2]);
  });
});

describe("the prefix of callers", () => {
  const redirect: Origin = () => {
    const headers = new Headers({ location: "/v2/login", "content-location": "https://origin.internal/v2/a" });
    headers.append("set-cookie", "a=1; Path=/v2/");
    headers.append("set-cookie", "b=2; Path=/v2/cart; Expires=Thu, 01 Jan 2037 00:00:00 GMT");
    return new Response(null, { status: 302, headers });
  };

  it("comes back in redirects and cookies where that is on, and the upstream does not get the prefix then", async () => {
    const { send, received } = route({ replacePrefix: "/v2/", restorePrefix: true }, redirect);
    const { headers } = await send("/shop/", { redirect: "manual" });
    expect([headers.get("location"), headers.get("content-location")]).toEqual(["/shop/login", "/shop/a"]);
    expect(headers.getSetCookie()).toEqual(["a=1; Path=/shop/", "b=2; Path=/shop/cart; Expires=Thu, 01 Jan 2037 00:00:00 GMT"]);
    expect(received[0]!.headers.has("x-forwarded-prefix")).toBe(false);
  });

  it("does not come back where it is off", async () => {
    const { send } = route({ replacePrefix: "/v2/" }, redirect);
    const { headers } = await send("/shop/", { redirect: "manual" });
    expect([headers.get("location"), headers.getSetCookie()[0]]).toEqual(["/v2/login", "a=1; Path=/v2/"]);
  });

  it("is that of stored redirects, and of what a write invalidates", async () => {
    const origin: Origin = ({ method }) =>
      method === "GET" ? freshResponse(null, { location: "/next" }) : new Response(null, { status: 201, headers: { location: "/other" } });
    const { send, received } = route({ stripPrefix: true, restorePrefix: true, cache: { l2: "none" } }, origin);
    for (const want of ["/shop/next", "/shop/next"]) expect((await send("/shop/a")).headers.get("location")).toBe(want);
    await send("/shop/other");
    await send("/shop/new", { method: "POST" });
    expect([cacheStatus(await send("/shop/a")), received.length]).toEqual([expect.stringContaining("hit"), 3]);
    expect([cacheStatus(await send("/shop/other")), received.length]).toEqual([expect.stringContaining("fwd"), 4]);
  });
});

describe("settings of prefixes", () => {
  const problems = (settings: Partial<HttpRouteInput>, prefix = "/shop/"): string[] => {
    try {
      route(settings, undefined, prefix);
      return [];
    } catch (error) {
      return (error as InvalidConfiguration).problems.map(({ path, fix }) => `${path}: ${fix}`);
    }
  };

  it("are refused where they contradict one another, or are no prefix", () => {
    expect(problems({ stripPrefix: true, replacePrefix: "/v2/" })).toEqual([
      'httpRoutes["/shop/"].replacePrefix: write one of stripPrefix and replacePrefix',
    ]);
    expect(problems({ stripPrefix: true }, "/")).toEqual([expect.stringContaining("stripPrefix: leave it out")]);
    for (const replacePrefix of ["/v2", "v2/", "//", "/a/../b/", "/a/./", "/%2e%2e/", "/a?b/", "https://x/", "/a b/"])
      expect(problems({ replacePrefix }), replacePrefix).toHaveLength(1);
  });
});
