// When an adaptive limit is lowered for a moment, and what a host refuses meanwhile.
import { expect, it } from "vitest";
import { Admission } from "../../../core/overload/admission.ts";
import { GradientLimit } from "../../../core/overload/gradient.ts";

/**
 * Calls that take `waitingMs` at the limit, and `aloneMs` while it is lowered.
 *
 * @param isHeld whether calls keep to the lowered limit
 * @returns the time between two times that it was lowered, and for how long it was, ms
 */
function probes(aloneMs: number, waitingMs: number, forMs: number, probedMs = (_: number) => aloneMs, isHeld = true) {
  const gradient = new GradientLimit({ floor: 4, ceiling: 100 });
  for (let now = 0; now < 1_000; now += 10) gradient.sample(aloneMs, 2, now); // few in flight: how fast it is
  const from: number[] = [];
  const lengths: number[] = [];
  for (let now = 1_000; now < forMs; now += 10) {
    const was = gradient.isProbing;
    gradient.sample(was ? probedMs(from.length) : waitingMs, was && !isHeld ? 100 : gradient.limit, now);
    if (gradient.isProbing && !was) from.push(now);
    if (!gradient.isProbing && was) lengths.push(now - from.at(-1)!);
  }
  return { baseMs: gradient.baseMs, gaps: from.map((at, index) => at - (from[index - 1] ?? 1_000)), lengths };
}

it("lowers the limit soon where calls wait long, and later each time that it was for nothing", () => {
  const { gaps, lengths } = probes(10, 100, 60_000);
  expect(gaps).toEqual([600, 1_200, 2_200, 4_200, 8_200, 10_200, 10_200, 10_200, 10_200]);
  expect(new Set(lengths)).toEqual(new Set([200]));
});

it("lowers it each ten seconds where calls wait a little", () => {
  expect(probes(10, 27, 60_000).gaps).toEqual([9_800, 10_200, 10_200, 10_200, 10_200]);
  expect(probes(10, 28, 60_000).gaps[0]).toBe(600); // more than 1.5 x (1.5 x 10 + 3)
});

it("lowers it for twice the time of a call, and at least for a look", () => {
  const { gaps, lengths } = probes(200, 1_000, 60_000);
  expect(gaps).toEqual([600, 3_000, 4_000, 6_000, 10_000, 12_000, 12_000]);
  expect(new Set(lengths)).toEqual(new Set([2_000]));
});

it("goes by what calls take while it is lowered, and lowers it soon again after it has learned something", () => {
  const third = (ms: number) => probes(10, 100, 16_000, (count) => (count === 3 ? ms : 10));
  const soon = third(16);
  expect(soon.gaps.slice(0, 3)).toEqual([600, 1_200, 2_200]);
  expect(soon.gaps[3]).toBeLessThan(1_300);
  expect(third(15).gaps[3]).toBe(4_210); // no more than half above what was known
  expect(probes(10, 100, 2_000, () => 16).baseMs).toBe(16);
});

it("ends after four seconds where calls do not keep to it, and learns nothing of them", () => {
  const { baseMs, lengths } = probes(10, 100, 20_000, () => 500, false);
  expect([baseMs, new Set(lengths)]).toEqual([10, new Set([4_000])]);
});

it("starts to look anew where a clock steps back", () => {
  const gradient = new GradientLimit({ floor: 4, ceiling: 100 });
  for (let n = 0; n < 10; n++) gradient.sample(10, 20, 50_000);
  for (let n = 0; n < 20; n++) gradient.sample(10, 20, 10_199 - n); // each of them is before the last
  expect(gradient.baseMs).toBe(0);
  gradient.sample(10, 20, 10_379);
  expect(gradient.baseMs).toBe(0);
  gradient.sample(10, 20, 10_380);
  expect(gradient.baseMs).toBe(10);
});

it("never keeps the most critical calls from a host for their level, and tells callers what to shed", () => {
  const host = new Admission({ max: 100, floor: 4 });
  expect(host.shedLevel(0)).toBe(0);
  const waiting: ReturnType<Admission["begin"]>[] = [];
  const refused = [0, 0, 0, 0];
  for (let now = 0; now < 60_000; now += 5) {
    if (now % 10 === 0 && waiting.length > 0) host.end(waiting.shift()!, now, true);
    const rank = (now / 5) % 4;
    if (host.refusal(rank, Number.POSITIVE_INFINITY, now) === undefined) waiting.push(host.begin(now, now + 60_000));
    else refused[rank]! += 1;
  }
  expect(refused[0]).toBeGreaterThan(2_500); // of 3,000 each; half of all can be served
  expect(refused[1]).toBeGreaterThan(2_500);
  expect(refused[2]).toBeLessThan(200);
  expect(refused[3]).toBe(0);
  expect(host.shedLevel(60_000)).toBe(2);
  expect(host.shedLevel(500_000)).toBe(0);
});
