// Buckets in memory: those that are full again leave it, a few with each change.
import { expect, it } from "vitest";
import { BootMarker } from "../../../../core/rate-limit/storage/boot-marker.ts";
import { BucketStore } from "../../../../core/rate-limit/storage/bucket-store.ts";
import { EXACT } from "../../../../core/rate-limit/storage/stored-bucket.ts";
import { type BucketLimit, expiresAt, takeTokens } from "../../../../core/rate-limit/token-bucket.ts";

const NOW = 1_000_000;
const SHORT: BucketLimit = { capacity: 100, rate: 100, intervalMs: 1_000 };
const LONG: BucketLimit = { capacity: 100, rate: 1, intervalMs: 1_000 };

it("drops full buckets as others change, and keeps those that are not full", () => {
  const rows = { load: () => undefined, store: () => {}, hasRoom: () => true };
  const store = new BucketStore(EXACT, "", rows, new BootMarker(undefined, NOW, () => {}), 1_000);
  const take = (key: string, limit: BucketLimit, now: number): void => {
    const open = store.open(key, limit, now, 0);
    const [bucket] = takeTokens(open.bucket, limit, 10, now);
    store.set(open, bucket, 10, expiresAt(bucket, limit), now);
  };
  take("long", LONG, NOW);
  for (let key = 0; key < 80; key++) take(`${key}`, SHORT, NOW);
  expect(store.size).toBe(81);
  for (let change = 0; change < 5; change++) take("new", SHORT, NOW + 1_000);
  expect(store.size).toBeGreaterThan(81 - 5 * 10); // no change looks at all of them
  for (let change = 0; change < 30; change++) take("new", SHORT, NOW + 1_000 + change * 100);
  expect(store.size).toBe(2);
});
