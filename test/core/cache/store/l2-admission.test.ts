// L2 admission: few writes to the shared level.
import { expect, it } from "vitest";
import { DEFAULT_L2_ADMISSION, L2Admission } from "../../../../core/cache/store/l2-admission.ts";
import { storedResponse } from "../../../support/stored-response.ts";

const NOW = 1_000_000;

it("skips keys requested once, short lives, large bodies, and what was written recently", () => {
  const admission = new L2Admission(DEFAULT_L2_ADMISSION);
  const decide = (key: string, passedMs: number, more = {}) =>
    admission.admit(key, storedResponse("a", NOW + passedMs, more), NOW + passedMs);
  expect([decide("a", 0), decide("a", 1), decide("a", 2), decide("a", 150_000), decide("a", 150_001)]).toEqual([
    "first_miss",
    "admitted",
    "too_soon",
    "too_soon",
    "admitted",
  ]);
  expect(decide("b", 0, { staleIfErrorUntil: 0, staleUntil: 0, freshUntil: NOW + 59_999 })).toBe("short_life");
  expect(decide("b", 0, { body: new Uint8Array(1_048_577) })).toBe("too_large");
  expect([decide("b", 0), decide("b", 600_000)]).toEqual(["first_miss", "first_miss"]); // the second miss is too late
});

it("admits a new write after a second where a purge may cover the previous one", () => {
  const admission = new L2Admission({ ...DEFAULT_L2_ADMISSION, secondMissWithinMs: 0 });
  const decide = (passedMs: number, seq: number) =>
    admission.admit("a", storedResponse("a", NOW + passedMs, { purgeSeq: seq }), NOW + passedMs);
  expect([decide(0, 1), decide(999, 2), decide(1_000, 2), decide(2_000, 2)]).toEqual(["admitted", "too_soon", "admitted", "too_soon"]);
});

it("admits a response once, however late it is offered again", () => {
  const admission = new L2Admission({ ...DEFAULT_L2_ADMISSION, secondMissWithinMs: 0 });
  const response = storedResponse("a", NOW);
  expect([admission.admit("a", response, NOW), admission.admit("a", response, NOW + 200_000)]).toEqual(["admitted", "too_soon"]);
  expect(admission.admit("a", storedResponse("a", NOW + 200_000), NOW + 200_000)).toBe("admitted");
});

it("admits the first miss of a key that the shared level has", () => {
  const admission = new L2Admission(DEFAULT_L2_ADMISSION);
  admission.recordHit("a", NOW);
  expect(admission.admit("a", storedResponse("a", NOW + 1), NOW + 1)).toBe("admitted");
});

it("respects its bounds: the shortest life, the largest body, and the longest time between two misses", () => {
  const first = (more: object) => new L2Admission(DEFAULT_L2_ADMISSION).admit("a", storedResponse("a", NOW, more), NOW);
  const lasts = (ms: number) => ({ staleUntil: 0, staleIfErrorUntil: 0, freshUntil: NOW + ms });
  expect([first(lasts(59_999)), first(lasts(60_000))]).toEqual(["short_life", "first_miss"]);
  expect([1_048_576, 1_048_577].map((bytes) => first({ body: new Uint8Array(bytes) }))).toEqual(["first_miss", "too_large"]);
  for (const [between, second] of [
    [599_999, "admitted"],
    [600_000, "first_miss"],
  ] as const) {
    const admission = new L2Admission(DEFAULT_L2_ADMISSION);
    expect(admission.admit("a", storedResponse("a", NOW), NOW)).toBe("first_miss");
    expect(admission.admit("a", storedResponse("a", NOW + between), NOW + between)).toBe(second);
  }
});

it("admits one write per second for lifetimes below two seconds", () => {
  const admission = new L2Admission({ ...DEFAULT_L2_ADMISSION, minLifeMs: 0, secondMissWithinMs: 0 });
  const decide = (passedMs: number) =>
    admission.admit("a", storedResponse("a", NOW + passedMs, { freshUntil: NOW + passedMs + 100 }), NOW + passedMs);
  expect([decide(0), decide(999), decide(1_000)]).toEqual(["admitted", "too_soon", "admitted"]);
});
