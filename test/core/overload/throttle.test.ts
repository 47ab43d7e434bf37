// Client throttling: nothing while most calls are accepted, and about as many again as are accepted while most are not.
import { describe, expect, it } from "vitest";
import { Throttle } from "../../../core/overload/throttle.ts";
import { dice } from "../../simulation/simulation.ts";

/** Calls of one second each 10 ms, of which the upstream accepts `accepts` a second. @returns calls sent in the last second */
function play(throttle: Throttle, accepts: number, seconds: number, from = 0, rank = 2): number {
  const roll = dice(5);
  let sent = 0;
  let acceptsFrom = 0;
  for (let second = from; second < from + seconds; second++) {
    sent = 0;
    for (let n = 0; n < 100; n++) {
      const now = second * 1_000 + n * 10;
      if (throttle.refuses(rank, now, roll())) continue;
      sent += 1;
      const isAccepted = now >= acceptsFrom;
      if (isAccepted) acceptsFrom = Math.max(acceptsFrom, now - 500) + 1_000 / accepts;
      throttle.ended(rank, isAccepted, now);
    }
  }
  return sent;
}

describe("a throttle", () => {
  it("holds nothing back while at least half is accepted, or before it has seen enough", () => {
    expect(play(new Throttle({ factor: 2, minCalls: 20 }), 50, 30)).toBe(100);
    const fresh = new Throttle({ factor: 2, minCalls: 20 });
    for (let n = 0; n < 19; n++) fresh.ended(2, false, 0);
    expect(fresh.refuses(2, 0, 0)).toBe(false);
    fresh.ended(2, false, 0);
    expect(fresh.refuses(2, 0, 0)).toBe(true);
  });

  it("sends about twice of what is accepted, and always some", () => {
    const sent = play(new Throttle({ factor: 2, minCalls: 20 }), 10, 40);
    expect(sent).toBeGreaterThan(14);
    expect(sent).toBeLessThan(32);
    expect(play(new Throttle({ factor: 2, minCalls: 20 }), 0, 40)).toBeGreaterThan(2);
  });

  it("forgets as soon as ten in a row are accepted, and else within ten seconds", () => {
    const throttle = new Throttle({ factor: 2, minCalls: 20 });
    play(throttle, 0, 20);
    expect(play(throttle, 100, 4, 20)).toBe(100);
    play(throttle, 0, 20, 24);
    expect(throttle.refuses(2, 43_999, 0)).toBe(true);
    expect(throttle.refuses(2, 55_000, 0)).toBe(false);
  });

  it("counts each level by itself", () => {
    const throttle = new Throttle({ factor: 2, minCalls: 20 });
    play(throttle, 0, 20, 0, 0);
    expect(throttle.refuses(0, 19_999, 0)).toBe(true);
    expect(throttle.refuses(2, 19_999, 0)).toBe(false);
  });

  it("stays in its slice where a clock steps back", () => {
    const throttle = new Throttle({ factor: 2, minCalls: 1 });
    for (let n = 0; n < 10; n++) throttle.ended(2, false, 50_000);
    expect(throttle.refuses(2, 10_000, 0)).toBe(true);
  });
});
