// Plain HTTP behind the gateway: which route a path goes to, and what is answered from what is kept.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { gatewayTo, json, unary } from "../../../support/gateway.ts";
import { fresh, status, web } from "./support.ts";

afterEach(() => void vi.useRealTimers());

describe("a plain HTTP route", () => {
  const upstream = (name: string) => ({ fetch: (url: string) => Promise.resolve(new Response(`${name} ${new URL(url).pathname}`)) });

  it("gets what is no RPC call and no REST rule, the longest prefix first", async () => {
    const httpRoutes = { "/": { upstream: { binding: "ALL" } }, "/assets/": { upstream: { binding: "ASSETS" } } };
    const services = { "users.v1.UserService": { upstream: { binding: "USERS" } } };
    const gateway = gatewayTo(() => json({ id: "1" }), { httpRoutes, services }, { ALL: upstream("all"), ASSETS: upstream("assets") });
    const text = async (path: string) => (await gateway(new Request(`https://gateway.example${path}`))).text();
    expect(await text("/assets/a.png")).toBe("assets /assets/a.png");
    expect(await text("/assets")).toBe("all /assets");
    expect(await text("/other")).toBe("all /other");
    expect(await (await gateway(unary("GetUser"))).json()).toEqual({ id: "1" });
  });

  it("is not there for paths under no prefix", async () => {
    const { ask } = web(() => fresh(), {}, { httpRoutes: { "/a/": { upstream: { binding: "ORIGIN" } } } });
    expect([(await ask("/a/b")).status, (await ask("/b")).status, (await ask("/a")).status]).toEqual([200, 404, 404]);
  });

  it("hands on what no RPC server would answer, and pays for no cache that it does not have", async () => {
    let body = "";
    const { ask, seen } = web(
      async (request) => {
        body += await request.text();
        return request.method === "POST"
          ? new Response(null, { status: 303, headers: { location: "/x" } })
          : new Response("late", { status: 504 });
      },
      {},
      { httpRoutes: { "/": { upstream: { binding: "ORIGIN" } } } },
    );
    const posted = await ask("/a", { method: "POST", body: "b", redirect: "manual" });
    expect([posted.status, posted.headers.get("location"), status(posted)]).toEqual([303, "/x", null]);
    expect([(await ask("/a")).status, body, seen[0]!.headers.has("connect-timeout-ms")]).toEqual([504, "b", false]);
  });
});

describe("what is kept of it", () => {
  it("answers HEAD, parts, and callers who know it already", async () => {
    const { ask, seen } = web(() => fresh("0123456789", { etag: '"1"', "content-type": "text/plain" }));
    await ask("/a");
    const head = await ask("/a", { method: "HEAD" });
    expect([head.status, await head.text(), head.headers.get("content-length")]).toEqual([200, "", "10"]);
    const part = await ask("/a", { headers: { range: "bytes=2-4" } });
    expect([part.status, await part.text(), part.headers.get("content-range")]).toEqual([206, "234", "bytes 2-4/10"]);
    const beyond = await ask("/a", { headers: { range: "bytes=10-" } });
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */10"]);
    const known = await ask("/a", { headers: { "if-none-match": '"1"' } });
    expect([known.status, known.headers.get("etag"), known.headers.get("content-type")]).toEqual([304, '"1"', null]);
    for (const answer of [head, part, beyond, known]) expect(status(answer)).toContain("hit");
    expect(await (await ask("/a")).text()).toBe("0123456789");
    expect(seen).toHaveLength(1);
  });

  it("is not there for a part, or HEAD, that came first", async () => {
    const { ask, seen } = web((request) =>
      request.headers.has("range")
        ? new Response("01", { status: 206, headers: { "cache-control": "max-age=60", "content-range": "bytes 0-1/10" } })
        : fresh(request.method === "HEAD" ? null : "0123456789"),
    );
    expect((await ask("/a", { headers: { range: "bytes=0-1" } })).status).toBe(206);
    await ask("/a", { method: "HEAD" });
    expect(await (await ask("/a")).text()).toBe("0123456789");
    expect(seen).toHaveLength(3);
  });

  it("is gone once a call has changed it, under all of its variants", async () => {
    const { ask, seen } = web(
      (request) =>
        request.method === "GET"
          ? fresh("a")
          : new Response(null, { status: 201, headers: { location: "/made", "content-location": "https://other.example/kept" } }),
      { query: ["q"], vary: ["accept-language"] },
    );
    const paths = ["/a?q=1", "/made", "/kept"];
    for (const path of paths) for (const language of ["de", "fr"]) await ask(path, { headers: { "accept-language": language } });
    vi.setSystemTime(Date.now() + 2);
    await ask("/a?utm=x&q=1", { method: "PUT", body: "b" });
    vi.setSystemTime(Date.now() + 2);
    const before = seen.length;
    const hits = await Promise.all(
      paths.flatMap((path) =>
        ["de", "fr"].map(async (language) => status(await ask(path, { headers: { "accept-language": language } }))?.includes("hit")),
      ),
    );
    expect(hits).toEqual([false, false, false, false, true, true]);
    expect(seen).toHaveLength(before + 4);
  });

  it("stays where the change has failed", async () => {
    const { ask } = web((request) => (request.method === "GET" ? fresh("a") : new Response(null, { status: 500 })));
    await ask("/a");
    vi.setSystemTime(Date.now() + 2);
    await ask("/a", { method: "DELETE" });
    vi.setSystemTime(Date.now() + 2);
    expect(status(await ask("/a"))).toContain("hit");
  });

  it("is all there is for callers who ask for nothing else", async () => {
    const { ask, seen } = web(() => fresh("a"));
    const asked = { headers: { "cache-control": "only-if-cached" } };
    const none = await ask("/a", asked);
    expect([none.status, status(none)]).toEqual([504, "tidegate; fwd=uri-miss; detail=only-if-cached"]);
    await ask("/a");
    expect(await (await ask("/a", asked)).text()).toBe("a");
    expect(seen).toHaveLength(1);
  });

  it("is asked for again where callers may say so, and not where they may not", async () => {
    const asked = { headers: { "cache-control": "no-cache" } };
    for (const [clientControl, expected] of [
      ["ignore", 1],
      ["honor", 2],
    ] as const) {
      const { ask, seen } = web(() => fresh("a"), { clientControl });
      await ask("/a");
      await ask("/a", asked);
      expect(seen).toHaveLength(expected);
    }
  });

  it("keeps bytes as they were packed, apart for callers who can't unpack them", async () => {
    const packed = new Uint8Array(
      await new Response(new Blob(["hello"]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
    );
    const { ask } = web((request) => {
      const isPacked = request.headers.get("accept-encoding")!.includes("gzip");
      const headers: Record<string, string> = { "cache-control": "max-age=60", ...(isPacked ? { "content-encoding": "gzip" } : {}) };
      return isPacked ? new Response(packed, { headers, encodeBody: "manual" }) : new Response("hello", { headers });
    });
    for (let time = 0; time < 2; time++) {
      const plain = await ask("/a", { headers: { "accept-encoding": "identity" } });
      expect([await plain.text(), plain.headers.get("content-encoding")]).toEqual(["hello", null]);
      const zipped = await ask("/a", { headers: { "accept-encoding": "gzip, deflate" } });
      expect(zipped.headers.get("content-encoding")).toBe("gzip");
      expect(status(zipped)).toContain(time === 0 ? "stored" : "hit");
    }
  });

  it("is counted as any call where calls are limited", async () => {
    const rateLimits = { few: { key: "all", capacity: 3, rate: 1, intervalMs: 3_600_000, mode: "local" } } as const;
    const { ask, seen } = web(
      () => fresh("a"),
      {},
      { rateLimits, httpRoutes: { "/": { upstream: { binding: "ORIGIN" }, rateLimits: ["few"], cache: { l2: "none" } } } },
      { TOKEN_BUCKET: env.TOKEN_BUCKET },
    );
    const answers = [await ask("/a"), await ask("/a"), await ask("/a"), await ask("/a")];
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 429]);
    expect(answers.map((answer) => status(answer)?.split(";")[1])).toEqual([" fwd=uri-miss", " hit", " hit", " detail=refused"]);
    expect(seen).toHaveLength(1);
  });
});
