// A bucket that moves: wherever isolates send their requests, and whatever is late or forgotten, no window admits more than one bucket would.
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  bucketKeptUntil,
  type HandOver,
  HotKeyDetector,
  handOver,
  MOVE_CACHED_MS,
  MovedKeys,
  moveKeptUntil,
  receivedBucket,
} from "../../../core/rate-limit/hot-key.ts";
import { type Bucket, expiresAt, takeTokens } from "../../../core/rate-limit/token-bucket.ts";

const steps = fc.array(
  fc.record({
    gapMs: fc.oneof(fc.constant(0), fc.nat(50), fc.nat(3_000), fc.nat(90_000)),
    isolate: fc.nat(2),
    calls: fc.nat(30),
    isHot: fc.boolean(),
    lateMs: fc.oneof(fc.constant(0), fc.nat(5_000)), // time that the request is in flight
    isLost: fc.boolean(), // the answer
    sweeps: fc.boolean(),
  }),
  { maxLength: 60 },
);
const limits = fc.record({
  capacity: fc.integer({ min: 1, max: 50 }),
  rate: fc.integer({ min: 1, max: 50 }),
  intervalMs: fc.constantFrom(100, 1_000, 10_000),
});

/** @param memoryMs how long the shard remembers beyond what it has to; less than 0 is a mistake */
function excess(limit: { capacity: number; rate: number; intervalMs: number }, script: readonly Step[], memoryMs: number): number {
  let now = 1_000_000;
  let bucket: Bucket | undefined;
  let moved: { readonly start: HandOver; until: number } | undefined;
  let generation = 0;
  const own = new Map<number, Bucket>(); // buckets in the Durable Object of the key; index: generation
  const isolates = [new MovedKeys(), new MovedKeys(), new MovedKeys()];
  let [level, at, most] = [0, 0, 0];
  const admit = (): void => {
    level = Math.max(0, level - (now - at) * limit.rate) + limit.intervalMs;
    at = now;
    most = Math.max(most, level - limit.capacity * limit.intervalMs);
  };
  const sweep = (): void => {
    if (bucket !== undefined && now >= expiresAt(bucket, limit)) bucket = undefined;
    if (moved !== undefined && now >= moved.until) moved = undefined;
    for (const [key, one] of own) if (now >= bucketKeptUntil(expiresAt(one, limit))) own.delete(key);
  };
  for (const { gapMs, isolate, calls, isHot, lateMs, isLost, sweeps } of script) {
    now += gapMs;
    const moves = isolates[isolate]!;
    for (let call = 0; call < calls; call++) {
      const sentAt = now;
      const start = moves.get("a", sentAt);
      if (call === 0) now += lateMs;
      if (sweeps) sweep();
      if (start !== undefined) {
        const [after, { kind }] = takeTokens(own.get(start.generation) ?? receivedBucket(start, now), limit, 1, now);
        own.set(start.generation, after);
        if (kind === "allowed") admit();
        continue;
      }
      if (moved === undefined && isHot) {
        generation += 1;
        moved = { start: handOver(bucket, limit, now, generation), until: 0 };
        bucket = undefined;
      }
      if (moved !== undefined) {
        moved.until = moveKeptUntil(limit, now) + memoryMs;
        if (!isLost) moves.remember("a", moved.start, sentAt);
        continue;
      }
      const [after, { kind }] = takeTokens(bucket, limit, 1, now);
      bucket = after;
      if (kind === "allowed") admit();
    }
  }
  return most;
}
type Step = (typeof steps extends fc.Arbitrary<infer T> ? T : never)[number];

it("admits in no window more than capacity + rate x length", () => {
  fc.assert(
    fc.property(limits, steps, (limit, script) => void expect(excess(limit, script, 0)).toBeLessThanOrEqual(0)),
    { numRuns: 3_000 },
  );
});

it("would admit more if the shard forgot a move sooner", () => {
  const limit = { capacity: 50, rate: 1, intervalMs: 10_000 };
  const step = { isolate: 0, calls: 30, isHot: false, lateMs: 0, isLost: false, sweeps: true };
  const script = [
    { ...step, gapMs: 0, calls: 1, isHot: true },
    { ...step, gapMs: MOVE_CACHED_MS - 1, calls: 50 },
    { ...step, gapMs: 20_000, isolate: 1, calls: 50 },
  ];
  expect(excess(limit, script, 0)).toBeLessThanOrEqual(0);
  expect(excess(limit, script, -500_000)).toBeGreaterThan(0);
});

it("counts a key as hot from more than 100 requests a second on, over three seconds", () => {
  const heat = new HotKeyDetector();
  const counted = (count: number, now: number): boolean[] => Array.from({ length: count }, () => heat.count("a", now));
  expect(counted(300, 10_000)).not.toContain(true);
  expect(heat.count("b", 10_000)).toBe(false);
  expect(counted(1, 12_999)).toEqual([true]);
  expect(counted(300, 13_000)).not.toContain(true);
});

it("counts a bounded number of keys, and remembers a bounded number of moves: the oldest is forgotten first", () => {
  const heat = new HotKeyDetector();
  for (let key = 0; key < 10_000; key++) heat.count(`key-${key}`, 0);
  for (let n = 0; n < 1_000; n++) expect(heat.count("one too many", 0)).toBe(false);
  const moves = new MovedKeys();
  for (let key = 0; key <= 1_000; key++) moves.remember(`key-${key}`, { credit: 0, generation: key }, 0);
  expect([moves.get("key-0", 1), moves.get("key-1", 1)?.generation, moves.get("key-1000", 1)?.generation]).toEqual([undefined, 1, 1_000]);
  expect(moves.get("key-1", MOVE_CACHED_MS)).toBeUndefined();
});

it("gives up what is left of a bucket, with what it earned until then, and starts the new one from there", () => {
  const limit = { capacity: 10, rate: 1, intervalMs: 1_000 };
  expect(handOver({ credit: 2_000, touchedAt: 0 }, limit, 3_000, 7)).toEqual({ credit: 5_000, generation: 7 });
  expect(handOver(undefined, limit, 3_000, 1)).toEqual({ credit: 10_000, generation: 1 });
  expect(receivedBucket({ credit: 5_000, generation: 7 }, 99)).toEqual({ credit: 5_000, touchedAt: 99 });
});

it("remembers a move until the other bucket is full, and keeps that one while an isolate may still bring its start", () => {
  const limit = { capacity: 10, rate: 2, intervalMs: 1_000 };
  expect(moveKeptUntil(limit, 1_000)).toBe(1_000 + MOVE_CACHED_MS + 10_000 + 5_000);
  expect(bucketKeptUntil(1_000)).toBe(1_000 + 2 * MOVE_CACHED_MS);
});

it("restarts the count of requests when the clock steps back, and forgets no key that it counts already", () => {
  const heat = new HotKeyDetector();
  for (let n = 0; n < 300; n++) heat.count("a", 10_000);
  expect(heat.count("a", 9_999)).toBe(false);
  const full = new HotKeyDetector();
  for (let n = 0; n < 300; n++) full.count("early", 0);
  for (let key = 0; key < 20_000; key++) full.count(`key-${key}`, 0);
  expect(full.count("early", 0)).toBe(true);
});

it("goes by the latest move of a key, and forgets none of the others for it", () => {
  const moves = new MovedKeys();
  for (let key = 0; key < 1_000; key++) moves.remember(`key-${key}`, { credit: 0, generation: 1 }, 0);
  moves.remember("key-5", { credit: 0, generation: 2 }, 10);
  expect([moves.get("key-5", MOVE_CACHED_MS + 9)?.generation, moves.get("key-0", 1)?.generation]).toEqual([2, 1]);
});
