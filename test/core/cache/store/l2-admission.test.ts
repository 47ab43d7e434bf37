// Few writes to the shared level: what is asked for once is not worth one.
import { expect, it } from "vitest";
import { DEFAULT_L2_ADMISSION, L2Admission } from "../../../../core/cache/store/l2-admission.ts";
import { storedResponse } from "../../../support/cache-entry.ts";

const NOW = 1_000_000;

it("spares what is asked for once, what dies soon, what is large, and what was written not long ago", () => {
  const writes = new L2Admission(DEFAULT_L2_ADMISSION);
  const spared = (key: string, passedMs: number, more = {}) => writes.admit(key, storedResponse("a", NOW + passedMs, more), NOW + passedMs);
  expect([spared("a", 0), spared("a", 1), spared("a", 2), spared("a", 150_000), spared("a", 150_001)]).toEqual([
    "first_miss",
    "admitted",
    "too_soon",
    "too_soon",
    "admitted",
  ]);
  expect(spared("b", 0, { staleIfErrorUntil: 0, staleUntil: 0, freshUntil: NOW + 59_999 })).toBe("short_life");
  expect(spared("b", 0, { body: new Uint8Array(1_048_577) })).toBe("too_large");
  expect([spared("b", 0), spared("b", 600_000)]).toEqual(["first_miss", "first_miss"]); // the window has passed between
});

it("writes anew, after a second, what may have been purged since", () => {
  const writes = new L2Admission({ ...DEFAULT_L2_ADMISSION, secondMissWithinMs: 0 });
  const spared = (passedMs: number, seq: number) =>
    writes.admit("a", storedResponse("a", NOW + passedMs, { purgeSeq: seq }), NOW + passedMs);
  expect([spared(0, 1), spared(999, 2), spared(1_000, 2), spared(2_000, 2)]).toEqual(["admitted", "too_soon", "admitted", "too_soon"]);
});

it("writes an entry once, however late it is offered again", () => {
  const writes = new L2Admission({ ...DEFAULT_L2_ADMISSION, secondMissWithinMs: 0 });
  const entry = storedResponse("a", NOW);
  expect([writes.admit("a", entry, NOW), writes.admit("a", entry, NOW + 200_000)]).toEqual(["admitted", "too_soon"]);
  expect(writes.admit("a", storedResponse("a", NOW + 200_000), NOW + 200_000)).toBe("admitted");
});

it("writes anew, at once, what was found there", () => {
  const writes = new L2Admission(DEFAULT_L2_ADMISSION);
  writes.recordHit("a", NOW);
  expect(writes.admit("a", storedResponse("a", NOW + 1), NOW + 1)).toBe("admitted");
});

it("holds its bounds: the shortest life, the largest body, and the longest time between two misses", () => {
  const first = (more: object) => new L2Admission(DEFAULT_L2_ADMISSION).admit("a", storedResponse("a", NOW, more), NOW);
  const lasts = (ms: number) => ({ staleUntil: 0, staleIfErrorUntil: 0, freshUntil: NOW + ms });
  expect([first(lasts(59_999)), first(lasts(60_000))]).toEqual(["short_life", "first_miss"]);
  expect([1_048_576, 1_048_577].map((bytes) => first({ body: new Uint8Array(bytes) }))).toEqual(["first_miss", "too_large"]);
  for (const [between, second] of [
    [599_999, "admitted"],
    [600_000, "first_miss"],
  ] as const) {
    const writes = new L2Admission(DEFAULT_L2_ADMISSION);
    expect(writes.admit("a", storedResponse("a", NOW), NOW)).toBe("first_miss");
    expect(writes.admit("a", storedResponse("a", NOW + between), NOW + between)).toBe(second);
  }
});

it("writes what lives for less than two seconds once a second", () => {
  const writes = new L2Admission({ ...DEFAULT_L2_ADMISSION, minLifeMs: 0, secondMissWithinMs: 0 });
  const spared = (passedMs: number) =>
    writes.admit("a", storedResponse("a", NOW + passedMs, { freshUntil: NOW + passedMs + 100 }), NOW + passedMs);
  expect([spared(0), spared(999), spared(1_000)]).toEqual(["admitted", "too_soon", "admitted"]);
});
