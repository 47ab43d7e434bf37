// Bindings behind a network, with the bindings of the platform. No time is measured: the calls are compared with timers of their own length.
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { networked } from "../../../workers/dev/network.ts";

const behind = (network: string, more: object = {}) => networked({ ...env, TIDEGATE_NETWORK: network, ...more });
const limit = { capacity: 10, rate: 10, intervalMs: 1_000 };
const charge = (key: string) => [{ key, limit, cost: 1 }];

/** Counts the timers that calls start, by their length. */
function timers() {
  const waits: number[] = [];
  const spy = vi.spyOn(scheduler, "wait").mockImplementation((ms) => {
    waits.push(ms);
    return Promise.resolve();
  });
  return { waits, restore: () => spy.mockRestore() };
}

describe("an environment", () => {
  it("is itself where no network is set", () => {
    const own = { ...env };
    expect(networked(own)).toBe(own);
  });

  it("has the other bindings as they are, and is wrapped once", () => {
    const own = { TIDEGATE_NETWORK: "far", NUMBER: 7, TEXT: "a", LIST: [1] };
    const made = networked(own);
    expect([made.NUMBER, made.TEXT, made.LIST]).toEqual([7, "a", own.LIST]);
    expect([networked(own), networked(made)]).toEqual([made, made]);
    expect(networked(own)).toBe(made);
    expect(Object.keys(made)).toEqual(Object.keys(own));
  });
});

describe("a call", () => {
  it.each(["getByName", "get"] as const)("of an object by %s waits half of the round trip before and half after", async (how) => {
    const { TOKEN_BUCKET } = behind("world");
    const stub = how === "get" ? TOKEN_BUCKET.get(TOKEN_BUCKET.idFromName("far-1")) : TOKEN_BUCKET.getByName("far-2");
    const { waits, restore } = timers();
    const taken = await stub.take(charge("a"));
    restore();
    expect(taken).toEqual([expect.objectContaining({ kind: "allowed", remaining: 9 })]);
    expect(waits).toEqual([80, 80]);
    expect(stub.id.name).toBe(how === "get" ? "far-1" : "far-2");
  });

  it("of an object of the isolate's region takes the time inside of the region", async () => {
    const { TOKEN_BUCKET } = behind("world", { TIDEGATE_REGION: "oc" });
    const { waits, restore } = timers();
    await TOKEN_BUCKET.getByName("oc/near", { locationHint: "oc" }).take(charge("a"));
    await TOKEN_BUCKET.getByName("weur/near").take(charge("a"));
    restore();
    expect(waits).toEqual([4, 4, 80, 80]);
  });

  it("of KV and of a service waits, too", async () => {
    const { CACHE, USERS } = behind("continent,services=10");
    const { waits, restore } = timers();
    await CACHE.put("network", "a value", { expirationTtl: 60 });
    expect(await CACHE.get("network")).toBe("a value");
    expect((await USERS.fetch("https://users.internal/nothing")).status).toBe(404);
    restore();
    expect(waits).toEqual([12.5, 12.5, 12.5, 12.5, 5, 5]);
  });

  it("takes real time, in the caller's own context", async () => {
    const { TOKEN_BUCKET } = behind("local,objects=40");
    const since = performance.now();
    await TOKEN_BUCKET.getByName("timed").take(charge("a"));
    expect(performance.now() - since).toBeGreaterThan(35); // a lower bound: a slow machine takes longer
  });

  it("that is lost fails as on the platform, after the callee has run or before", async () => {
    const { TOKEN_BUCKET } = behind("local,loss=1,seed=3");
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => TOKEN_BUCKET.getByName("lost").take(charge("lost"))));
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: "rejected", reason: { message: "Network connection lost.", retryable: true } });
    const [left] = await env.TOKEN_BUCKET.getByName("lost").take([{ key: "lost", limit: { ...limit, capacity: 1_000, rate: 1 }, cost: 1 }]);
    expect(left).toBeDefined();
  });

  it("passes an error of the callee on", async () => {
    const { TOKEN_BUCKET } = behind("local");
    await expect(TOKEN_BUCKET.getByName("error").take("no list" as never)).rejects.toThrow();
  });
});
