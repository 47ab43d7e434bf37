// Partitions: one store for each route, each with limits of its own.
import { expect, it } from "vitest";
import { Partitions } from "../../../../core/cache/store/partitions.ts";

const NEVER = Number.POSITIVE_INFINITY;
const LIMITS = { maxEntries: 100, maxBytes: 10_000 };
const routes = (count: number) => Array.from({ length: count }, (_, index) => ({ route: `route ${index}` }));

it("keeps a busy route from evicting the responses of another one", () => {
  const partitions = new Partitions<number>(routes(2), { limits: LIMITS, shards: 16, store: "lru" });
  partitions.of("route 0").set("quiet", 1, 10, NEVER, 0);
  for (let n = 0; n < 10_000; n++) partitions.of("route 1").set(`busy ${n}`, n, 1_000, NEVER, 0);
  expect(partitions.of("route 0").get("quiet", 0)).toBe(1);
  expect([partitions.of("route 1").size, partitions.of("route 1").bytes]).toEqual([5, 5_000]);
});

it("shrinks each partition by its share of what is stored", () => {
  const partitions = new Partitions<number>(routes(2), { limits: LIMITS, shards: 16, store: "lru" });
  for (let n = 0; n < 40; n++) partitions.of("route 0").set(`${n}`, n, 100, NEVER, 0);
  for (let n = 0; n < 10; n++) partitions.of("route 1").set(`${n}`, n, 100, NEVER, 0);
  partitions.shrinkTo(2_500, 0);
  expect([partitions.bytes, partitions.of("route 0").bytes, partitions.of("route 1").bytes]).toEqual([2_500, 2_000, 500]);
  partitions.shrinkTo(9_000, 0);
  expect([partitions.bytes, partitions.maxBytes]).toEqual([2_500, LIMITS.maxBytes]);
});

it("clears one route, and leaves the others", () => {
  const partitions = new Partitions<number>(routes(2), { limits: LIMITS, shards: 16, store: "s3-fifo" });
  for (const { route } of routes(2)) partitions.of(route).set("a", 1, 10, NEVER, 0);
  partitions.of("route 0").clear();
  expect([partitions.of("route 0").get("a", 0), partitions.of("route 1").get("a", 0), partitions.bytes]).toEqual([undefined, 1, 10]);
});

it("creates at most `shards` partitions, which routes share in turn within the limits of one cache", () => {
  const partitions = new Partitions<number>(routes(40), { limits: LIMITS, shards: 16, store: "lru" });
  expect(partitions.count).toBe(16);
  expect(partitions.of("route 0")).toBe(partitions.of("route 16"));
  for (const { route } of routes(40)) {
    for (let n = 0; n < 100; n++) partitions.of(route).set(`${route} ${n}`, n, 50, NEVER, 0);
  }
  expect(partitions.bytes).toBeLessThanOrEqual(LIMITS.maxBytes);
  expect(partitions.size).toBeLessThanOrEqual(LIMITS.maxEntries);
  expect(partitions.size).toBeGreaterThan(0.9 * 16 * 6);
});

it("gives a route the limits set for it, and divides the rest evenly", () => {
  const some = [{ route: "large", maxBytes: 8_000 }, ...routes(2)];
  const partitions = new Partitions<number>(some, { limits: LIMITS, shards: 16, store: "lru" });
  for (const { route } of some) for (let n = 0; n < 500; n++) partitions.of(route).set(`${n}`, n, 400, NEVER, 0);
  expect(some.map(({ route }) => partitions.of(route).bytes)).toEqual([8_000, 800, 800]);
});

it("counts routes with limits of their own among the partitions, and gives each partition at least one entry and byte", () => {
  const own = { route: "own", maxEntries: 90 };
  const partitions = new Partitions<number>([own, ...routes(4)], { limits: LIMITS, shards: 3, store: "lru" });
  expect(partitions.count).toBe(3);
  expect(partitions.of("route 0")).toBe(partitions.of("route 2"));
  expect(partitions.of("route 0")).not.toBe(partitions.of("route 1"));
  for (const { route } of [own, ...routes(2)]) for (let n = 0; n < 200; n++) partitions.of(route).set(`${n}`, n, 1, NEVER, 0);
  expect([partitions.of("own").size, partitions.of("route 0").size, partitions.of("route 1").size, partitions.size]).toEqual([
    90, 5, 5, 100,
  ]);
  const full = new Partitions<number>([{ route: "own", maxEntries: 500, maxBytes: 0 }, ...routes(1)], {
    limits: LIMITS,
    shards: 1,
    store: "lru",
  });
  for (const route of ["own", "route 0"]) for (let n = 0; n < 3; n++) full.of(route).set(`${n}`, n, 1, NEVER, 0);
  expect([full.count, full.of("own").size, full.of("route 0").size]).toEqual([2, 1, 1]);
});

it("rejects 0 shards, and names a route without a partition", () => {
  expect(() => new Partitions<number>([], { limits: LIMITS, shards: 0, store: "lru" })).toThrow("0 shards");
  const none = new Partitions<number>([], { limits: LIMITS, shards: 1, store: "lru" });
  expect([none.count, none.size, none.bytes]).toEqual([0, 0, 0]);
  expect(() => none.of("x")).toThrow("x has no partition");
});
