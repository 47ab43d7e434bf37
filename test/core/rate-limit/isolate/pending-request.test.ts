// The request under way: when it counts as lost, and how long to wait for the next one.
import { expect, it } from "vitest";
import { PendingRequest } from "../../../../core/rate-limit/isolate/pending-request.ts";

it("is under way until it ends, or counts as lost after a second", () => {
  const request = new PendingRequest();
  expect([request.isUnderWay(0), request.timeLeftMs(0)]).toEqual([false, 1_000]);
  request.start(100);
  expect([request.isUnderWay(1_099), request.timeLeftMs(400), request.sinceLatestMs(400)]).toEqual([true, 700, 300]);
  expect([request.isUnderWay(1_100), request.timeLeftMs(1_100)]).toEqual([false, 1_000]);
  request.end();
  expect([request.isUnderWay(200), request.sinceLatestMs(200)]).toEqual([false, 100]);
});

it("may take twice as long after each loss, up to 8 s, and a second again after a response", () => {
  const request = new PendingRequest();
  const lasts = (at: number): number => {
    request.start(at);
    return request.timeLeftMs(at);
  };
  expect([0, 1_000, 3_000, 7_000, 15_000].map(lasts)).toEqual([1_000, 2_000, 4_000, 8_000, 8_000]);
  request.end();
  expect(lasts(30_000)).toBe(1_000);
});
