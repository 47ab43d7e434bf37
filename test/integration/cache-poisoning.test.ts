// Cache poisoning: attempts to make other callers receive what one caller sent, or to receive what belongs to another one.
// Each runs against an origin that falls for it.
import { describe, expect, it } from "vitest";
import type { CacheInput } from "../../core/config/cache.ts";
import { cachedRoute, cacheStatus, freshResponse, type Origin } from "../support/cached-route.ts";

const EVIL = "evil.example";

/** An origin that returns all that it receives in a response that may be stored. */
const mirror: Origin = async (request) => {
  const { pathname, search } = new URL(request.url);
  const body = request.method === "GET" || request.method === "HEAD" ? "" : await request.text();
  return freshResponse(JSON.stringify({ method: request.method, pathname, search, body, headers: [...request.headers] }));
};

interface Attempt {
  readonly name: string;
  readonly path?: string;
  readonly init?: RequestInit;
  readonly victim?: string; // path that the other caller requests
  readonly cache?: CacheInput;
  readonly origin?: Origin;
}

const FORWARDING = [
  ...["x-forwarded-host", "x-forwarded-scheme", "x-forwarded-proto", "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-server"],
  ...["x-forwarded-for", "x-host", "x-original-host", "x-original-url", "x-rewrite-url", "x-http-method", "x-http-method-override"],
  ...["x-method-override", "forwarded", "via", "true-client-ip", "x-real-ip", "x-client-ip", "x-backend-host"],
];
const OTHERS = [
  ...["origin", "referer", "user-agent", "accept", "accept-language", "accept-charset", "cookie", "content-type", "x-wap-profile"],
  ...["x-nextjs-data", "x-middleware-prefetch", "rsc", "purpose", "x-amz-website-redirect-location", "x-cache-key", "cache-control"],
  ...["pragma", "max-forwards", "if-none-match", "if-modified-since", "proxy-authorization", "x-api-version", "surrogate-capability"],
];

const ATTEMPTS: readonly Attempt[] = [
  ...[...FORWARDING, ...OTHERS].map((name) => ({ name: `the header ${name}`, init: { headers: { [name]: EVIL } } })),
  { name: "a header with a meta character", init: { headers: { "x-meta": `${EVIL}\u0080` } } },
  { name: "a very large header", init: { headers: { "x-large": EVIL.repeat(1_000) } } },
  { name: "an encoding of its own", init: { headers: { "accept-encoding": `${EVIL}, gzip;q=0` } } },
  { name: "a request id", init: { headers: { "x-request-id": EVIL } } },
  {
    name: "a trace",
    init: { headers: { tracestate: `${EVIL}=1`, traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } },
  },
  { name: "credentials", init: { headers: { authorization: `Bearer ${EVIL}` } } },
  { name: "credentials that are forwarded", init: { headers: { authorization: `Bearer ${EVIL}` } }, cache: { authorization: "forward" } },
  { name: "credentials that are taken off", init: { headers: { authorization: `Bearer ${EVIL}` } }, cache: { authorization: "ignore" } },
  { name: "a part of it", init: { headers: { range: "bytes=0-3" } } },
  { name: "a part of it, under a condition", init: { headers: { range: "bytes=0-3", "if-range": `"${EVIL}"` } } },
  { name: "a body on HEAD", init: { method: "HEAD" } },
  { name: "OPTIONS", init: { method: "OPTIONS", headers: { "x-a": EVIL } } },
  { name: "POST", init: { method: "POST", body: EVIL } },
  { name: "PUT", init: { method: "PUT", body: EVIL } },
  { name: "an unknown method", init: { method: "PROPFIND", headers: { "x-a": EVIL } } },
  // Parts of the key
  { name: "a parameter that is not declared", path: `/page?q=1&utm=${EVIL}`, victim: "/page?q=1", cache: { query: ["q"] } },
  { name: "a parameter twice", path: `/page?q=1&q=${EVIL}`, victim: "/page?q=1", cache: { query: ["q"] } },
  { name: "a parameter behind a semicolon", path: `/page?q=1;q=${EVIL}`, victim: "/page?q=1", cache: { query: ["q"] } },
  { name: "a parameter behind another one's semicolon", path: `/page?utm=1;q=${EVIL}&q=1`, victim: "/page?q=1", cache: { query: ["q"] } },
  { name: "a parameter under an encoded name", path: `/page?q=1&%71=${EVIL}`, victim: "/page?q=1", cache: { query: ["q"] } },
  { name: "a parameter behind an encoded ampersand", path: `/page?q=1%26q=${EVIL}`, victim: "/page?q=1", cache: { query: ["q"] } },
  { name: "a parameter in upper case", path: `/page?q=1&Q=${EVIL}`, victim: "/page?q=1", cache: { query: ["q"] } },
  { name: "a parameter as a list", path: `/page?q=1&q[]=${EVIL}`, victim: "/page?q=1", cache: { query: ["q"] } },
  { name: "a parameter behind a second question mark", path: `/page?q=1?q=${EVIL}`, victim: "/page?q=1" },
  { name: "a parameter where all are part of the key", path: `/page?q=1&utm=${EVIL}`, victim: "/page?q=1" },
  { name: "an empty name", path: `/page?q=1&=${EVIL}`, victim: "/page?q=1", cache: { query: ["q"] } },
  { name: "a fragment", path: `/page#${EVIL}`, victim: "/page" },
  { name: "an encoded fragment", path: `/page%23${EVIL}`, victim: "/page" },
  { name: "a matrix parameter", path: `/page;a=${EVIL}`, victim: "/page" },
  { name: "an encoded slash", path: `/page%2f..%2f${EVIL}`, victim: "/page" },
  { name: "two slashes", path: `//${EVIL}/page`, victim: "/page" },
  { name: "dots", path: `/${EVIL}/%2e%2e/page`, victim: "/page" },
  { name: "an encoded backslash", path: `/page%5c..%5c${EVIL}`, victim: "/page" },
  { name: "a null byte", path: `/page%00${EVIL}`, victim: "/page" },
  { name: "an encoded newline", path: `/page%0d%0a${EVIL}`, victim: "/page" },
  { name: "an encoded question mark", path: `/page%3fq=${EVIL}`, victim: "/page" },
  { name: "upper case", path: `/PAGE?${EVIL}`, victim: "/page" },
  { name: "a dimension that reads like two", init: { headers: { "x-a": `1:b7:${EVIL}` } }, cache: { vary: ["x-a", "x-b"] } },
  { name: "a dimension that reads like none", init: { headers: { "x-a": `-${EVIL}` } }, cache: { vary: ["x-a", "x-b"] } },
  { name: "a tenant of its own", init: { headers: { "x-tenant": EVIL } }, cache: { scope: { header: "x-tenant" } } },
  {
    name: "a tenant that reads like another one's key",
    init: { headers: { "x-tenant": `1:a5:/${EVIL}` } },
    cache: { scope: { header: "x-tenant" } },
  },
  // An origin that receives all header fields
  ...FORWARDING.slice(0, 15).map((name) => ({
    name: `the header ${name}, where everything is forwarded`,
    init: { headers: { [name]: EVIL } },
    cache: { forward: "all" } as const,
  })),
];

describe("what one caller sends", () => {
  it("is tested in more than sixty ways", () => {
    expect(ATTEMPTS.length).toBeGreaterThanOrEqual(60);
  });

  it.each(ATTEMPTS)(
    "does not reach other callers: $name",
    async ({ path = "/page", init = {}, victim = path, cache = {}, origin = mirror }) => {
      const { send } = cachedRoute(origin, cache);
      const attack = await send(path, init);
      await attack.text();
      await (await send(path, init)).text();
      for (const headers of [{}, { "accept-encoding": "gzip, br" }]) {
        const response = await send(victim, { headers });
        const text = await response.text();
        expect(text).not.toContain(EVIL);
        expect(response.status).toBe(200);
        expect(JSON.parse(text)).toMatchObject({ method: "GET", pathname: new URL(victim, "https://a.example").pathname });
      }
    },
  );
});

describe("an error that one caller causes", () => {
  const fragile: Origin = (request) => {
    const isBroken = request.headers.has("x-broken") || request.url.includes("broken") || request.method === "LOCK";
    return isBroken ? new Response("broken", { status: 400, headers: { "cache-control": "max-age=60" } }) : freshResponse("good");
  };

  it.each([
    ["a header", "/page", { headers: { "x-broken": "1" } }, {}],
    ["a header, where everything is forwarded", "/page", { headers: { "x-broken": "1" } }, { forward: "all" }],
    ["a parameter", "/page?broken", {}, { query: [] }],
    ["a method", "/page", { method: "LOCK" }, {}],
  ] as const)("is not served to other callers: %s", async (_, path, init, cache) => {
    const { send } = cachedRoute(fragile, cache as CacheInput);
    await send(path, init);
    const response = await send("/page");
    expect([response.status, await response.text()]).toEqual([200, "good"]);
  });
});

describe("a personal response", () => {
  /** An origin that ignores the end of a path, and lets personal responses be stored. */
  const careless: Origin = (request) => {
    const who = request.headers.get("cookie") ?? request.headers.get("authorization");
    return freshResponse(who === null ? "public" : `secret of ${who}`);
  };

  it.each([
    "/account",
    "/account/x.css",
    "/account;x.css",
    "/account%2fx.css",
    "/account%23x.css",
    "/account/..%2fx.css",
    "/account%00.css",
    "/account?x.css",
  ])("is not stored under %s", async (path) => {
    for (const headers of [{ cookie: "session=1" }, { authorization: "Bearer 1" }]) {
      const { send } = cachedRoute(careless);
      await send(path, { headers: headers as unknown as Record<string, string> });
      const response = await send(path);
      expect(await response.text()).not.toContain("secret");
    }
  });

  it("is not stored where it sets a cookie, although its Vary is missing", async () => {
    const { send } = cachedRoute((request) => freshResponse(`for ${request.headers.get("cookie")}`, { "set-cookie": "session=2" }), {
      forward: "all",
    });
    await send("/page", { headers: { cookie: "session=1" } });
    expect(await (await send("/page")).text()).toBe("for null");
  });

  it("is served to its own tenant only", async () => {
    const { send, received } = cachedRoute((request) => freshResponse(`for ${request.headers.get("x-tenant")}`), {
      scope: { header: "x-tenant" },
    });
    for (const tenant of ["a", "b", "a,b", "A"]) {
      const headers = { "x-tenant": tenant };
      expect(await (await send("/page", { headers })).text()).toBe(`for ${tenant}`);
      expect(cacheStatus(await send("/page", { headers }))).toContain("hit");
    }
    expect(received).toHaveLength(4);
    expect(cacheStatus(await send("/page"))).toBe("tidegate; fwd=bypass; detail=scope");
  });
});
