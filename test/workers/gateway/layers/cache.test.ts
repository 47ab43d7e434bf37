// The cache layer: stale responses, failures of the upstream, and calls for the same response at once.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cachedRoute, cacheStatus, freshResponse } from "../../../support/cached-route.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

const pass = (ms: number): void => void vi.setSystemTime(Date.now() + ms);
const unavailable = (): Response => new Response("down", { status: 503 });

/** Waits for work in the background. */
async function settled(isDone: () => boolean): Promise<void> {
  for (let round = 0; round < 2_000 && !isDone(); round++) await scheduler.wait(1);
  expect(isDone()).toBe(true);
}

describe("a stale response", () => {
  it("is served while one refresh runs in the background", async () => {
    const { send, received } = cachedRoute((_, number) =>
      freshResponse(`v${number}`, { "cache-control": "max-age=10, stale-while-revalidate=60" }),
    );
    await send("/a");
    pass(11_000);
    const responses = await Promise.all([send("/a"), send("/a"), send("/a")]);
    for (const response of responses) {
      expect(cacheStatus(response)).toBe("tidegate; hit; ttl=-1; detail=stale-while-revalidate");
      expect(response.headers.get("age")).toBe("11");
      expect(await response.text()).toBe("v1");
    }
    await settled(() => received.length === 2);
    const after = await send("/a");
    expect(await after.text()).toBe("v2");
    expect(cacheStatus(after)).toContain("hit; ttl=10");
    expect(received).toHaveLength(2);
  });

  it("is revalidated where it has a validator, and is fresh again", async () => {
    const { send, received } = cachedRoute((request) =>
      request.headers.has("if-none-match")
        ? new Response(null, { status: 304, headers: { etag: '"1"', "cache-control": "max-age=20", "x-new": "yes" } })
        : freshResponse("body", { etag: '"1"', "cache-control": "max-age=10" }),
    );
    await send("/a");
    pass(10_000);
    const validated = await send("/a");
    expect(cacheStatus(validated)).toBe("tidegate; fwd=stale; fwd-status=304; ttl=20; stored");
    expect(await validated.text()).toBe("body");
    expect(validated.headers.get("x-new")).toBe("yes");
    expect(received[1]!.headers.get("if-none-match")).toBe('"1"');
    pass(19_000);
    expect(cacheStatus(await send("/a"))).toBe("tidegate; hit; ttl=1");
  });

  it("is served while the upstream fails, within its time, with at most one call to the upstream per second", async () => {
    let isDown = false;
    const { send, received } = cachedRoute(() =>
      isDown ? unavailable() : freshResponse("good", { "cache-control": "max-age=10, stale-if-error=600" }),
    );
    await send("/a");
    isDown = true;
    pass(10_000);
    const first = await send("/a");
    expect(cacheStatus(first)).toBe("tidegate; fwd=stale; fwd-status=503; ttl=0; detail=stale-if-error");
    expect(await first.text()).toBe("good");
    let before = received.length;
    for (let second = 0; second < 60; second++) {
      for (let call = 0; call < 20; call++) expect(await (await send("/a")).text()).toBe("good");
      expect(received.length - before).toBeLessThanOrEqual(1);
      before = received.length;
      pass(1_000);
    }
    pass(600_000);
    expect((await send("/a")).status).toBe(503);
    isDown = false;
    pass(30_000);
    expect(await (await send("/a")).text()).toBe("good");
  });

  it("is served where the upstream is unreachable, too", async () => {
    let isDown = false;
    const { send } = cachedRoute(
      () => {
        if (isDown) throw new Error("connection refused");
        return freshResponse();
      },
      { staleIfErrorMs: 60_000 },
    );
    await send("/a");
    isDown = true;
    pass(61_000);
    expect(cacheStatus(await send("/a"))).toContain("detail=stale-if-error");
    expect((await send("/never-received")).status).toBe(503);
  });

  it("is not served where it has to be revalidated", async () => {
    for (const directive of ["must-revalidate", "proxy-revalidate", "s-maxage=10", "no-cache"]) {
      let isDown = false;
      const cacheControl = `max-age=10, ${directive}, stale-if-error=600, stale-while-revalidate=600`;
      const { send } = cachedRoute(() => (isDown ? unavailable() : freshResponse("good", { "cache-control": cacheControl, etag: '"1"' })), {
        staleIfErrorMs: 60_000,
      });
      await send("/a");
      isDown = true;
      pass(11_000);
      expect((await send("/a")).status, directive).toBe(503);
    }
  });
});

describe("calls for the same response at once", () => {
  it("make one call to the upstream", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { send, received } = cachedRoute(async () => {
      await promise;
      return freshResponse("one");
    });
    const calls = Array.from({ length: 1_000 }, () => send("/a"));
    await settled(() => received.length > 0);
    resolve();
    const responses = await Promise.all(calls);
    expect(new Set(await Promise.all(responses.map((response) => response.text())))).toEqual(new Set(["one"]));
    expect(responses.filter((response) => cacheStatus(response)!.includes("collapsed"))).toHaveLength(999);
    expect(received).toHaveLength(1);
    expect(cacheStatus(await send("/a"))).toContain("hit");
  });

  it("share a failure, and the next call goes to the upstream again", async () => {
    let isDown = true;
    const { send, received } = cachedRoute(async () => {
      await scheduler.wait(5);
      return isDown ? unavailable() : freshResponse("good");
    });
    const responses = await Promise.all(Array.from({ length: 50 }, () => send("/a")));
    expect(new Set(responses.map((response) => response.status))).toEqual(new Set([503]));
    expect(received).toHaveLength(1);
    isDown = false;
    expect(await (await send("/a")).text()).toBe("good");
  });

  it("never share a response for one of them", async () => {
    for (const headers of [{ "cache-control": "private" }, { "cache-control": "no-store" }, { "set-cookie": "session=1" }, { vary: "*" }]) {
      const { send, received } = cachedRoute(async (_, number) => {
        await scheduler.wait(2);
        return freshResponse(`for ${number}`, headers as Record<string, string>);
      });
      const responses = await Promise.all(Array.from({ length: 5 }, () => send("/a")));
      expect(new Set(await Promise.all(responses.map((response) => response.text()))).size).toBe(5);
      expect(received).toHaveLength(5);
    }
  });

  it("do not share a response that varies by a field in which they differ", async () => {
    const { send, received } = cachedRoute(
      async (request) => {
        await scheduler.wait(2);
        return freshResponse(request.headers.get("x-kind"), { vary: "x-kind" });
      },
      { forward: "all" },
    );
    const kinds = ["a", "b", "a", "b", "c"];
    const responses = await Promise.all(kinds.map((kind) => send("/a", { headers: { "x-kind": kind } })));
    expect(await Promise.all(responses.map((response) => response.text()))).toEqual(kinds);
    expect(received.length).toBeLessThanOrEqual(5);
    const before = received.length;
    expect(cacheStatus(await send("/a", { headers: { "x-kind": "b" } }))).toContain("hit");
    expect(received).toHaveLength(before);
  });

  it("are refused beyond the limit of waiting calls", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { send, received } = cachedRoute(
      async () => {
        await promise;
        return freshResponse();
      },
      { maxFollowers: 3 },
    );
    const calls = Array.from({ length: 6 }, () => send("/a"));
    const refused = await Promise.all(calls.slice(4));
    expect(refused.map((response) => response.status)).toEqual([503, 503]);
    resolve();
    expect((await Promise.all(calls.slice(0, 4))).map((response) => response.status)).toEqual([200, 200, 200, 200]);
    expect(received).toHaveLength(1);
  });
});

describe("a body that is too large to store", () => {
  it("is streamed from the upstream to each caller", async () => {
    const large = "x".repeat(3_000);
    for (const hasLength of [true, false]) {
      const body = (): BodyInit => (hasLength ? large : new Blob([large]).stream());
      const { send, received } = cachedRoute(() => freshResponse(body()), { maxObjectBytes: 1_000 });
      const responses = await Promise.all([send("/a"), send("/a"), send("/a")]);
      for (const response of responses) expect(await response.text()).toBe(large);
      expect(received).toHaveLength(3);
      expect(cacheStatus(responses[0]!)).toBe("tidegate; fwd=uri-miss; fwd-status=200");
    }
  });

  it("is one above the limit: a body of exactly the limit is stored", async () => {
    const { send } = cachedRoute(() => freshResponse(new Blob(["x".repeat(1_000)]).stream()), { maxObjectBytes: 1_000 });
    await (await send("/a")).text();
    expect(cacheStatus(await send("/a"))).toContain("hit");
  });
});
