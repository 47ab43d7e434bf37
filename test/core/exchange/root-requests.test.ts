// Requests of a relay to one root object: one at a time, once an interval; late responses change nothing.
import { expect, it } from "vitest";
import { RootRequests } from "../../../core/exchange/root-requests.ts";

const NOW = 1_000_000;

it("is due once an interval, and not while a request is under way", () => {
  const requests = new RootRequests();
  expect([requests.isDue(NOW, 5_000), requests.isKnown, requests.ageMs(NOW)]).toEqual([true, false, Number.POSITIVE_INFINITY]);
  const first = requests.start(NOW);
  expect([requests.isRunning(NOW + 4_999), requests.isDue(NOW + 4_999, 1_000), requests.isDue(NOW + 5_000, 1_000)]).toEqual([
    true,
    false,
    true, // it counts as lost
  ]);
  expect(requests.succeed(first, NOW)).toBe(true);
  expect([requests.isDue(NOW + 999, 1_000), requests.isDue(NOW + 1_000, 1_000), requests.ageMs(NOW + 70)]).toEqual([false, true, 70]);
});

it("pauses for an interval after a failure, and stays as old as it was", () => {
  const requests = new RootRequests();
  requests.succeed(requests.start(NOW), NOW);
  requests.fail(requests.start(NOW + 5_000));
  expect([requests.isDue(NOW + 9_999, 5_000), requests.isDue(NOW + 10_000, 5_000), requests.ageMs(NOW + 10_000)]).toEqual([
    false,
    true,
    10_000,
  ]);
});

it("takes no response for new that is older than one it has", () => {
  const requests = new RootRequests();
  const [first, second] = [requests.start(NOW), requests.start(NOW + 1)];
  expect(requests.succeed(second, NOW + 1)).toBe(true);
  expect(requests.succeed(first, NOW)).toBe(false);
  expect(requests.ageMs(NOW + 1)).toBe(0);
});

it("does not wait for a time that was set before the clock was set back", () => {
  const requests = new RootRequests();
  requests.start(NOW + 10_000_000);
  expect(requests.isDue(NOW, 5_000)).toBe(true);
});
