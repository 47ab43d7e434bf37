// What the cache does while others fail, are slow, or ask for the same at once.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fresh, status, web } from "./support.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

const pass = (ms: number): void => void vi.setSystemTime(Date.now() + ms);
const down = (): Response => new Response("down", { status: 503 });

/** Until what goes on behind an answer is done. */
async function settled(isDone: () => boolean): Promise<void> {
  for (let round = 0; round < 2_000 && !isDone(); round++) await scheduler.wait(1);
  expect(isDone()).toBe(true);
}

describe("an answer that is stale", () => {
  it("serves while it is refreshed behind it, once", async () => {
    const { ask, seen } = web((_, number) => fresh(`v${number}`, { "cache-control": "max-age=10, stale-while-revalidate=60" }));
    await ask("/a");
    pass(11_000);
    const answers = await Promise.all([ask("/a"), ask("/a"), ask("/a")]);
    for (const answer of answers) {
      expect(status(answer)).toBe("tidegate; hit; ttl=-1; detail=stale-while-revalidate");
      expect(answer.headers.get("age")).toBe("11");
      expect(await answer.text()).toBe("v1");
    }
    await settled(() => seen.length === 2);
    const after = await ask("/a");
    expect(await after.text()).toBe("v2");
    expect(status(after)).toContain("hit; ttl=10");
    expect(seen).toHaveLength(2);
  });

  it("is validated where it can be, and lives on", async () => {
    const { ask, seen } = web((request) =>
      request.headers.has("if-none-match")
        ? new Response(null, { status: 304, headers: { etag: '"1"', "cache-control": "max-age=20", "x-new": "yes" } })
        : fresh("body", { etag: '"1"', "cache-control": "max-age=10" }),
    );
    await ask("/a");
    pass(10_000);
    const validated = await ask("/a");
    expect(status(validated)).toBe("tidegate; fwd=stale; fwd-status=304; ttl=20; stored");
    expect(await validated.text()).toBe("body");
    expect(validated.headers.get("x-new")).toBe("yes");
    expect(seen[1]!.headers.get("if-none-match")).toBe('"1"');
    pass(19_000);
    expect(status(await ask("/a"))).toBe("tidegate; hit; ttl=1");
  });

  it("serves where the upstream fails, as long as that is allowed, and asks at most once a second", async () => {
    let isDown = false;
    const { ask, seen } = web(() => (isDown ? down() : fresh("good", { "cache-control": "max-age=10, stale-if-error=600" })));
    await ask("/a");
    isDown = true;
    pass(10_000);
    const first = await ask("/a");
    expect(status(first)).toBe("tidegate; fwd=stale; fwd-status=503; ttl=0; detail=stale-if-error");
    expect(await first.text()).toBe("good");
    let probes = seen.length;
    for (let second = 0; second < 60; second++) {
      for (let call = 0; call < 20; call++) expect(await (await ask("/a")).text()).toBe("good");
      expect(seen.length - probes).toBeLessThanOrEqual(1);
      probes = seen.length;
      pass(1_000);
    }
    pass(600_000);
    expect((await ask("/a")).status).toBe(503);
    isDown = false;
    pass(30_000);
    expect(await (await ask("/a")).text()).toBe("good");
  });

  it("serves where the upstream can't be reached, too", async () => {
    let isDown = false;
    const { ask } = web(
      () => {
        if (isDown) throw new Error("connection refused");
        return fresh();
      },
      { staleIfErrorMs: 60_000 },
    );
    await ask("/a");
    isDown = true;
    pass(61_000);
    expect(status(await ask("/a"))).toContain("detail=stale-if-error");
    expect((await ask("/never-seen")).status).toBe(503);
  });

  it("does not serve where it must be validated", async () => {
    for (const directive of ["must-revalidate", "proxy-revalidate", "s-maxage=10", "no-cache"]) {
      let isDown = false;
      const cacheControl = `max-age=10, ${directive}, stale-if-error=600, stale-while-revalidate=600`;
      const { ask } = web(() => (isDown ? down() : fresh("good", { "cache-control": cacheControl, etag: '"1"' })), {
        staleIfErrorMs: 60_000,
      });
      await ask("/a");
      isDown = true;
      pass(11_000);
      expect((await ask("/a")).status, directive).toBe(503);
    }
  });
});

describe("calls for the same answer at once", () => {
  it("ask the upstream once", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { ask, seen } = web(async () => {
      await promise;
      return fresh("one");
    });
    const calls = Array.from({ length: 1_000 }, () => ask("/a"));
    await settled(() => seen.length > 0);
    resolve();
    const answers = await Promise.all(calls);
    expect(new Set(await Promise.all(answers.map((answer) => answer.text())))).toEqual(new Set(["one"]));
    expect(answers.filter((answer) => status(answer)!.includes("collapsed"))).toHaveLength(999);
    expect(seen).toHaveLength(1);
    expect(status(await ask("/a"))).toContain("hit");
  });

  it("share a failure, and the next one asks anew", async () => {
    let isDown = true;
    const { ask, seen } = web(async () => {
      await scheduler.wait(5);
      return isDown ? down() : fresh("good");
    });
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask("/a")));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([503]));
    expect(seen).toHaveLength(1);
    isDown = false;
    expect(await (await ask("/a")).text()).toBe("good");
  });

  it("never share what is for one of them", async () => {
    for (const headers of [{ "cache-control": "private" }, { "cache-control": "no-store" }, { "set-cookie": "session=1" }, { vary: "*" }]) {
      const { ask, seen } = web(async (_, number) => {
        await scheduler.wait(2);
        return fresh(`for ${number}`, headers as Record<string, string>);
      });
      const answers = await Promise.all(Array.from({ length: 5 }, () => ask("/a")));
      expect(new Set(await Promise.all(answers.map((answer) => answer.text()))).size).toBe(5);
      expect(seen).toHaveLength(5);
    }
  });

  it("do not share what varies by what they do not have in common", async () => {
    const { ask, seen } = web(
      async (request) => {
        await scheduler.wait(2);
        return fresh(request.headers.get("x-kind"), { vary: "x-kind" });
      },
      { forward: "all" },
    );
    const kinds = ["a", "b", "a", "b", "c"];
    const answers = await Promise.all(kinds.map((kind) => ask("/a", { headers: { "x-kind": kind } })));
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(kinds);
    expect(seen.length).toBeLessThanOrEqual(5);
    const before = seen.length;
    expect(status(await ask("/a", { headers: { "x-kind": "b" } }))).toContain("hit");
    expect(seen).toHaveLength(before);
  });

  it("that are too many to wait are refused", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { ask, seen } = web(
      async () => {
        await promise;
        return fresh();
      },
      { maxFollowers: 3 },
    );
    const calls = Array.from({ length: 6 }, () => ask("/a"));
    const refused = await Promise.all(calls.slice(4));
    expect(refused.map((answer) => answer.status)).toEqual([503, 503]);
    resolve();
    expect((await Promise.all(calls.slice(0, 4))).map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
    expect(seen).toHaveLength(1);
  });
});

describe("a body that is too large to keep", () => {
  it("streams to its caller, and to each of the others from the upstream", async () => {
    const large = "x".repeat(3_000);
    for (const isTold of [true, false]) {
      const body = (): BodyInit => (isTold ? large : new Blob([large]).stream());
      const { ask, seen } = web(() => fresh(body()), { maxObjectBytes: 1_000 });
      const answers = await Promise.all([ask("/a"), ask("/a"), ask("/a")]);
      for (const answer of answers) expect(await answer.text()).toBe(large);
      expect(seen).toHaveLength(3);
      expect(status(answers[0]!)).toBe("tidegate; fwd=uri-miss; fwd-status=200");
    }
  });

  it("does not drive out what is kept, and one that fits exactly is kept", async () => {
    const { ask } = web(() => fresh(new Blob(["x".repeat(1_000)]).stream()), { maxObjectBytes: 1_000 });
    await (await ask("/a")).text();
    expect(status(await ask("/a"))).toContain("hit");
  });
});
