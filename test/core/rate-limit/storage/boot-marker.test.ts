// The boot marker: when it is written, and how far ahead.
import { expect, it } from "vitest";
import { BootMarker, type StoredMarker } from "../../../../core/rate-limit/storage/boot-marker.ts";

const marked = (stored?: StoredMarker, startedAt = 0) => {
  const writes: StoredMarker[] = [];
  return { marker: new BootMarker(stored, startedAt, (marker) => void writes.push(marker)), writes };
};
const untils = (writes: readonly StoredMarker[]) => writes.map(({ until }) => until);

it("knows when what the last run lent has ended, whatever it writes itself: at the stored time, or a lease after the start", () => {
  const { marker } = marked({ until: 4_000, owedUntil: 0 }, 3_000);
  marker.cover(9_000, 8_000);
  expect(marker.until).toBe(9_000);
  expect([550, 1_000, 1_001].map((leaseMs) => marker.previousEnd(leaseMs))).toEqual([3_550, 4_000, 4_000]);
  expect(marked().marker.previousEnd(550)).toBe(Number.NEGATIVE_INFINITY);
});

it("knows when no bucket of the last run is in debt any more, which a start does not change", () => {
  expect(marked({ until: 9_000, owedUntil: 6_000 }, 3_000).marker.previousEnd(550)).toBe(6_000);
  expect(marked({ until: 9_000, owedUntil: 2_000 }, 3_000).marker.previousEnd(550)).toBe(3_550);
  expect(marked({ until: 9_000 }, 3_000).marker.previousEnd(550)).toBe(9_000); // an older version wrote it
});

it("is written for a debt that lasts longer than the stored ones, and for nothing that a stored time covers", () => {
  const { marker, writes } = marked();
  marker.cover(20_000, 10_000);
  marker.cover(12_000, 10_001, true);
  marker.cover(16_000, 10_002, true);
  marker.cover(19_000, 10_003);
  marker.cover(40_000, 30_000, true);
  expect(writes).toEqual([
    { until: 20_000, owedUntil: Number.NEGATIVE_INFINITY },
    { until: 20_000, owedUntil: 17_000 },
    { until: 40_000, owedUntil: 40_000 },
  ]);
});

it("is exact for a change after a quiet time, and ahead by 5 s while changes come", () => {
  const { marker, writes } = marked();
  marker.cover(10_500, 10_000);
  marker.cover(11_500, 11_000);
  for (let now = 11_100; now < 15_900; now += 100) marker.cover(now + 500, now);
  marker.cover(17_600, 17_000);
  marker.cover(40_100, 40_000);
  expect(untils(writes)).toEqual([10_500, 16_500, 22_600, 40_100]);
});

it("is ahead by 1 s after a hundred changes", () => {
  const { marker, writes } = marked();
  for (let change = 0; change <= 101; change++) marker.cover(10_500, 10_000);
  marker.cover(10_501, 10_001);
  expect(untils(writes)).toEqual([10_500, 11_501]);
});

it("does not change where it cannot be written", () => {
  const marker = new BootMarker({ until: 1_000 }, 900, () => {
    throw new Error("disk");
  });
  expect(() => marker.cover(2_000, 1_500)).toThrow("disk");
  expect(marker.until).toBe(1_000);
});
