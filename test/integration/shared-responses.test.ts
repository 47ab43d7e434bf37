// Responses that calls share which wait for the same fetch: only those that a cache may give to each of them, whatever the status.
import { afterEach, describe, expect, it, vi } from "vitest";
import type { CacheInput } from "../../core/config/cache.ts";
import { cachedRoute, cacheStatus } from "../support/cached-route.ts";

afterEach(() => void vi.useRealTimers());

/** Holds responses of an origin back. */
function gate() {
  const first = Promise.withResolvers<void>();
  return { open: () => first.resolve(), isOpen: first.promise };
}

const cookie = (who: string) => ({ headers: { cookie: `session=${who}` } });
const bearer = (who: string) => ({ headers: { authorization: `Bearer ${who}` } });

/** What an origin that knows its callers says of one. */
const secretOf = (request: Request): string => `for ${request.headers.get("cookie") ?? request.headers.get("authorization") ?? "nobody"}`;

/** Sends two calls at once: the second one waits for the fetch of the first. @returns their texts, and the number of requests */
async function pair(cache: CacheInput, status: number, headers: Record<string, string>, inits: [RequestInit, RequestInit]) {
  const { open, isOpen } = gate();
  const route = cachedRoute(async (request, number) => {
    if (number === 1) await isOpen;
    return new Response(secretOf(request), { status, headers });
  }, cache);
  const first = route.send("/page", inits[0]);
  await vi.waitUntil(() => route.received.length === 1, { timeout: 60_000 });
  const second = route.send("/page", inits[1]);
  await scheduler.wait(0);
  open();
  const responses = await Promise.all([first, second]);
  const texts = await Promise.all(responses.map((response) => response.text()));
  return { texts, statuses: responses.map(cacheStatus), requests: route.received.length, route };
}

const FORWARD_ALL: CacheInput = { forward: "all" };
const FORWARD_BOTH: CacheInput = { forward: "all", authorization: "forward" };
const AUTHORIZED: CacheInput = { authorization: "forward" };
const A_AND_B: [RequestInit, RequestInit] = [cookie("A"), cookie("B")];

const STATUSES = [200, 301, 400, 401, 403, 404, 410, 429, 500, 502, 503, 504];
const PRIVATE: readonly Record<string, string>[] = [
  { "cache-control": "private, no-store" },
  { "cache-control": "private" },
  { "cache-control": "no-store" },
  { "cache-control": "private, max-age=60" },
  { "cache-control": "no-cache" },
  { "cache-control": "no-cache, max-age=60", etag: '"a"' },
  { "cache-control": "max-age=0", etag: '"a"' },
  { "cache-control": "max-age=60", age: "61" },
  { "cache-control": "max-age=60", vary: "*" },
  { "cache-control": "max-age=60", vary: "cookie" },
  { "cache-control": "max-age=60", "set-cookie": "session=A" },
  { "cdn-cache-control": "private", "cache-control": "max-age=60" },
];

describe("a response that is for one caller", () => {
  it.each(PRIVATE)("is not given to another that waits, whatever the status: %o", async (headers) => {
    for (const status of STATUSES) {
      const { texts, requests, statuses } = await pair(FORWARD_ALL, status, headers, A_AND_B);
      expect([status, texts, requests]).toEqual([status, ["for session=A", "for session=B"], 2]);
      expect(statuses.join()).not.toContain("collapsed");
    }
  });

  it("is each error that says nothing, where the upstream receives what no key contains", async () => {
    for (const status of [500, 502, 503]) {
      const { texts, requests } = await pair(FORWARD_ALL, status, {}, A_AND_B);
      expect([status, texts, requests]).toEqual([status, ["for session=A", "for session=B"], 2]);
    }
  });

  it.each([FORWARD_BOTH, AUTHORIZED])("is what the upstream said to credentials, unless it allows more: %o", async (cache) => {
    for (const [status, control] of [
      [200, "max-age=60"],
      [500, "max-age=60"],
      [500, ""],
      [503, "private"],
    ] as const) {
      const { texts, requests } = await pair(cache, status, control === "" ? {} : { "cache-control": control }, [bearer("A"), bearer("B")]);
      expect([status, control, texts, requests]).toEqual([status, control, ["for Bearer A", "for Bearer B"], 2]);
    }
  });
});

describe("a response that is for all", () => {
  it.each([
    [FORWARD_ALL, 200, "max-age=60"],
    [FORWARD_ALL, 404, "max-age=60"],
    [FORWARD_ALL, 500, "max-age=60"],
    [FORWARD_ALL, 503, "public"],
    [{}, 503, ""],
    [{}, 200, "max-age=60"],
  ] as const)("is shared with a call that waits: %o %i %s", async (cache, status, control) => {
    const headers: Record<string, string> = control === "" ? {} : { "cache-control": control };
    const { texts, requests, statuses } = await pair(cache, status, headers, [{}, {}]);
    expect([texts, requests]).toEqual([["for nobody", "for nobody"], 1]);
    expect(statuses[1]).toContain("collapsed");
  });

  it.each([
    [200, "public, max-age=60"],
    [500, "public, max-age=60"],
    [500, "s-maxage=60"],
  ])("is shared with other credentials where it allows that: %i %s", async (status, control) => {
    const { texts, requests } = await pair(AUTHORIZED, status, { "cache-control": control }, [bearer("A"), bearer("B")]);
    expect([texts, requests]).toEqual([["for Bearer A", "for Bearer A"], 1]);
  });

  it("loses what is meant for one call", async () => {
    const fields = {
      "cache-control": 'max-age=60, private="x-own"',
      "x-own": "1",
      ratelimit: "1",
      "access-control-allow-origin": "https://a.example",
    };
    const { open, isOpen } = gate();
    const { send, received } = cachedRoute(async () => {
      await isOpen;
      return new Response("down", { status: 503, headers: fields });
    });
    const responses = [send("/page"), send("/page")];
    await vi.waitUntil(() => received.length === 1, { timeout: 60_000 });
    open();
    const [, second] = await Promise.all(responses);
    expect([received.length, second!.status, cacheStatus(second!)]).toEqual([1, 503, expect.stringContaining("collapsed")]);
    for (const name of ["x-own", "ratelimit", "access-control-allow-origin"]) expect(second!.headers.has(name)).toBe(false);
  });
});

describe("calls whose response is for one caller", () => {
  it("all go to the upstream at once when the first one's response has come, and later ones do not wait", async () => {
    const first = gate();
    const others = gate();
    const { send, received } = cachedRoute(async (request, number) => {
      await (number === 1 ? first.isOpen : others.isOpen);
      return new Response(secretOf(request), { headers: { "cache-control": "private" } });
    }, FORWARD_ALL);
    const calls = [send("/page", cookie("0"))];
    await vi.waitUntil(() => received.length === 1, { timeout: 60_000 });
    for (let number = 1; number < 50; number++) calls.push(send("/page", cookie(String(number))));
    await scheduler.wait(0);
    expect(received).toHaveLength(1);
    first.open();
    await vi.waitUntil(() => received.length === 50, { timeout: 60_000 }); // while none of the others has a response
    calls.push(send("/page", cookie("later")), send("/page", cookie("last")));
    await vi.waitUntil(() => received.length === 52, { timeout: 60_000 });
    others.open();
    const texts = await Promise.all(calls.map(async (call) => (await call).text()));
    expect(new Set(texts).size).toBe(52);
  });

  it.each([
    ["a response", 200, 10_000],
    ["an error", 500, 1_000],
  ])("wait for one another again a while after %s, or as soon as one is stored", async (_, status, ms) => {
    let isPrivate = true;
    const { send, received } = cachedRoute(async (request) => {
      await scheduler.wait(1);
      const control = isPrivate ? "private" : "max-age=60";
      return new Response(secretOf(request), { status: isPrivate ? status : 200, headers: { "cache-control": control } });
    }, FORWARD_ALL);
    const three = async () => {
      const before = received.length;
      await Promise.all([send("/page"), send("/page"), send("/page")]);
      return received.length - before;
    };
    await three();
    isPrivate = false;
    vi.setSystemTime(Date.now() + ms + 1);
    expect(await three()).toBe(1);
  });
});

describe("K04 a thousand calls of one key at once", () => {
  it("make one request to the upstream, and outlive the call that made it", async () => {
    const { open, isOpen } = gate();
    const { send, received } = cachedRoute(async () => {
      await isOpen;
      return new Response("hello", { headers: { "cache-control": "max-age=60" } });
    });
    const leader = send("/page", { headers: { "connect-timeout-ms": "500" } });
    await vi.waitUntil(() => received.length === 1, { timeout: 60_000 });
    const followers = Array.from({ length: 999 }, () => send("/page"));
    expect((await leader).status).toBe(504);
    open();
    const responses = await Promise.all(followers);
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
    expect(received).toHaveLength(1);
  });

  it("do not get the timeout of a fetch that began long before them", async () => {
    const { send, received } = cachedRoute(
      async (request, number) => {
        if (number > 1) return new Response("hello", { headers: { "cache-control": "max-age=60" } });
        const { promise, reject } = Promise.withResolvers<Response>();
        request.signal.addEventListener("abort", () => reject(request.signal.reason));
        return promise;
      },
      {},
      { httpRoutes: { "/": { upstream: { binding: "ORIGIN" }, readTimeoutMs: 3_000, cache: { l2: "none" } } } } as never,
    );
    const leader = send("/page");
    await vi.waitUntil(() => received.length === 1, { timeout: 60_000 });
    await scheduler.wait(1_500); // the followers come in the middle of the fetch
    const followers = Array.from({ length: 20 }, () => send("/page"));
    const statuses = (await Promise.all([leader, ...followers])).map(({ status }) => status);
    expect(statuses).toEqual([504, ...Array.from({ length: 20 }, () => 200)]);
    expect(received).toHaveLength(2); // one of them fetched for all
  });
});
