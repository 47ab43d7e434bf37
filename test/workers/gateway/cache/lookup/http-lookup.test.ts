// The cache of a plain HTTP route: lookups by path, query, method, conditions and ranges.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cachedRoute, cacheStatus, freshResponse } from "../../../../support/cached-route.ts";

afterEach(() => void vi.useRealTimers());

describe("a plain HTTP route with a cache", () => {
  it("responses HEAD, parts, and callers who know it already", async () => {
    const { send, received } = cachedRoute(() => freshResponse("0123456789", { etag: '"1"', "content-type": "text/plain" }));
    await send("/a");
    const head = await send("/a", { method: "HEAD" });
    expect([head.status, await head.text(), head.headers.get("content-length")]).toEqual([200, "", "10"]);
    const part = await send("/a", { headers: { range: "bytes=2-4" } });
    expect([part.status, await part.text(), part.headers.get("content-range")]).toEqual([206, "234", "bytes 2-4/10"]);
    const beyond = await send("/a", { headers: { range: "bytes=10-" } });
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */10"]);
    const known = await send("/a", { headers: { "if-none-match": '"1"' } });
    expect([known.status, known.headers.get("etag"), known.headers.get("content-type")]).toEqual([304, '"1"', null]);
    for (const response of [head, part, beyond, known]) expect(cacheStatus(response)).toContain("hit");
    expect(await (await send("/a")).text()).toBe("0123456789");
    expect(received).toHaveLength(1);
  });

  it("does not store responses to HEAD and to ranges", async () => {
    const { send, received } = cachedRoute((request) =>
      request.headers.has("range")
        ? new Response("01", { status: 206, headers: { "cache-control": "max-age=60", "content-range": "bytes 0-1/10" } })
        : freshResponse(request.method === "HEAD" ? null : "0123456789"),
    );
    expect((await send("/a", { headers: { range: "bytes=0-1" } })).status).toBe(206);
    await send("/a", { method: "HEAD" });
    expect(await (await send("/a")).text()).toBe("0123456789");
    expect(received).toHaveLength(3);
  });

  it("invalidates all variants of the resources that an unsafe call changes", async () => {
    const { send, received } = cachedRoute(
      (request) =>
        request.method === "GET"
          ? freshResponse("a")
          : new Response(null, { status: 201, headers: { location: "/made", "content-location": "https://other.example/kept" } }),
      { query: ["q"], vary: ["accept-language"] },
    );
    const paths = ["/a?q=1", "/made", "/kept"];
    for (const path of paths) for (const language of ["de", "fr"]) await send(path, { headers: { "accept-language": language } });
    vi.setSystemTime(Date.now() + 2);
    await send("/a?utm=x&q=1", { method: "PUT", body: "b" });
    vi.setSystemTime(Date.now() + 2);
    const before = received.length;
    const hits = await Promise.all(
      paths.flatMap((path) =>
        ["de", "fr"].map(async (language) => cacheStatus(await send(path, { headers: { "accept-language": language } }))?.includes("hit")),
      ),
    );
    expect(hits).toEqual([false, false, false, false, true, true]);
    expect(received).toHaveLength(before + 4);
  });

  it("invalidates nothing where the unsafe call fails", async () => {
    const { send } = cachedRoute((request) => (request.method === "GET" ? freshResponse("a") : new Response(null, { status: 500 })));
    await send("/a");
    vi.setSystemTime(Date.now() + 2);
    await send("/a", { method: "DELETE" });
    vi.setSystemTime(Date.now() + 2);
    expect(cacheStatus(await send("/a"))).toContain("hit");
  });

  it("responds 504 to only-if-cached where nothing is stored", async () => {
    const { send, received } = cachedRoute(() => freshResponse("a"));
    const onlyIfCached = { headers: { "cache-control": "only-if-cached" } };
    const none = await send("/a", onlyIfCached);
    expect([none.status, cacheStatus(none)]).toEqual([504, "tidegate; fwd=uri-miss; detail=only-if-cached"]);
    await send("/a");
    expect(await (await send("/a", onlyIfCached)).text()).toBe("a");
    expect(received).toHaveLength(1);
  });

  it("honors no-cache of the caller only where the route says so", async () => {
    const onlyIfCached = { headers: { "cache-control": "no-cache" } };
    for (const [clientControl, expected] of [
      ["ignore", 1],
      ["honor", 2],
    ] as const) {
      const { send, received } = cachedRoute(() => freshResponse("a"), { clientControl });
      await send("/a");
      await send("/a", onlyIfCached);
      expect(received).toHaveLength(expected);
    }
  });

  it("stores compressed and plain responses apart", async () => {
    const compressed = new Uint8Array(
      await new Response(new Blob(["hello"]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
    );
    const { send } = cachedRoute((request) => {
      const isCompressed = request.headers.get("accept-encoding")!.includes("gzip");
      const headers: Record<string, string> = { "cache-control": "max-age=60", ...(isCompressed ? { "content-encoding": "gzip" } : {}) };
      return isCompressed ? new Response(compressed, { headers, encodeBody: "manual" }) : new Response("hello", { headers });
    });
    for (let time = 0; time < 2; time++) {
      const plain = await send("/a", { headers: { "accept-encoding": "identity" } });
      expect([await plain.text(), plain.headers.get("content-encoding")]).toEqual(["hello", null]);
      const zipped = await send("/a", { headers: { "accept-encoding": "gzip, deflate" } });
      expect(zipped.headers.get("content-encoding")).toBe("gzip");
      expect(cacheStatus(zipped)).toContain(time === 0 ? "stored" : "hit");
    }
  });

  it("counts hits against the rate limit", async () => {
    const rateLimits = { few: { key: "all", capacity: 3, rate: 1, intervalMs: 3_600_000, mode: "local" } } as const;
    const { send, received } = cachedRoute(
      () => freshResponse("a"),
      {},
      { rateLimits, httpRoutes: { "/": { upstream: { binding: "ORIGIN" }, rateLimits: ["few"], cache: { l2: "none" } } } },
      { TOKEN_BUCKET: env.TOKEN_BUCKET },
    );
    const responses = [await send("/a"), await send("/a"), await send("/a"), await send("/a")];
    expect(responses.map((response) => response.status)).toEqual([200, 200, 200, 429]);
    expect(responses.map((response) => cacheStatus(response)?.split(";")[1])).toEqual([" fwd=uri-miss", " hit", " hit", " detail=refused"]);
    expect(received).toHaveLength(1);
  });
});
