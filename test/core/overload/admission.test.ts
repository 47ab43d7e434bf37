// The server's half: nothing is refused without need, nothing is begun that can't end in time, and the least is shed first.
import { describe, expect, it } from "vitest";
import { Admission } from "../../../core/overload/admission.ts";
import { isShedAt, ShedLevel } from "../../../core/overload/shed-level.ts";
import { Sojourn } from "../../../core/overload/sojourn.ts";

const INFINITE = Number.POSITIVE_INFINITY;

/** Works on one call after the other, `workMs` each; a call comes every `everyMs`. @returns why calls of the last second were refused */
function serial(host: Admission, everyMs: number, workMs: number, forMs: number, remainingMs: number, ranks: readonly number[]) {
  const waiting: ReturnType<Admission["begin"]>[] = [];
  let busyUntil = 0;
  const refused: Record<string, number> = {};
  for (let now = 0; now < forMs; now++) {
    if (waiting.length > 0 && now >= busyUntil) {
      host.end(waiting.shift()!, now, true);
      busyUntil = now + workMs;
    }
    if (now % everyMs !== 0) continue;
    const rank = ranks[(now / everyMs) % ranks.length]!;
    const why = host.refusal(rank, remainingMs, now);
    if (why === undefined) {
      if (waiting.length === 0) busyUntil = now + workMs;
      waiting.push(host.begin(now, now + 60_000));
    } else if (now >= forMs - 1_000) refused[`${rank} ${why}`] = (refused[`${rank} ${why}`] ?? 0) + 1;
  }
  return { refused, waiting: waiting.length };
}

describe("a host", () => {
  it("refuses nothing while it keeps up", () => {
    const { refused } = serial(new Admission({ max: 10_000, floor: 8 }), 12, 10, 20_000, 1_000, [0, 1, 2, 3]);
    expect(refused).toEqual({});
  });

  it("refuses no burst of calls that wait for something else", () => {
    const host = new Admission({ max: 10_000, floor: 8 });
    for (let now = 0; now < 5_000; now += 100) host.end(host.begin(now, now + 60_000), now + 50, true);
    const burst = Array.from({ length: 500 }, () => [host.refusal(3, 1_000, 5_000), host.begin(5_000, 65_000)] as const);
    expect(burst.filter(([why]) => why !== undefined)).toEqual([]);
    for (const [, permit] of burst) host.end(permit, 5_050, true);
    expect(host.refusal(0, 1_000, 5_060)).toBeUndefined();
  });

  it("refuses no quick call for the slow ones beside it, which wait for something else", () => {
    const host = new Admission({ max: 10_000, floor: 8 });
    const slow: { permit: ReturnType<Admission["begin"]>; endsAt: number }[] = [];
    const refused: unknown[] = [];
    for (let now = 0; now < 60_000; now += 10) {
      while (slow[0] !== undefined && slow[0].endsAt <= now) host.end(slow.shift()!.permit, now, true);
      if (now % 50 === 0) slow.push({ permit: host.begin(now, now + 60_000), endsAt: now + 5_000 }); // a hundred at a time
      if (now < 20_000) continue;
      const why = host.refusal(2, 300, now);
      if (why !== undefined) refused.push(why);
      else host.end(host.begin(now - 5, now + 300), now, true);
    }
    expect(refused).toEqual([]);
  });

  it("with twice the work begins nothing that can't end in its time, and the queue stays within it", () => {
    const { refused, waiting } = serial(new Admission({ max: 10_000, floor: 8 }), 5, 10, 30_000, 400, [3]);
    expect(refused["3 late"]).toBeGreaterThan(30);
    expect(waiting * 10).toBeLessThan(800);
  });

  it("with more than it can do sheds the least first", () => {
    const { refused } = serial(new Admission({ max: 10_000, floor: 8 }), 7, 10, 30_000, 5_000, [0, 2, 3]);
    expect(refused["0 level"]).toBeGreaterThan(20);
    expect((refused["2 level"] ?? 0) + (refused["3 level"] ?? 0)).toBeLessThan(refused["0 level"]! / 5);
  });

  it("is full at its limit, whoever comes, and forgets calls that nobody counts out", () => {
    const host = new Admission({ max: 100, floor: 100 });
    for (let n = 0; n < 100; n++) host.begin(0, 1_000);
    expect([0, 1, 2, 3].map((rank) => host.refusal(rank, INFINITE, 0))).toEqual(["full", "full", "full", "full"]);
    expect(host.refusal(2, INFINITE, 1_000)).toBeUndefined();
    expect(host.inFlight(1_000)).toBe(0);
  });
});

describe("the level that a host tells", () => {
  const play = (level: ShedLevel, from: number, ms: number, refuses: (rank: number) => boolean) => {
    for (let now = from; now < from + ms; now += 5) level.record((now / 5) % 4, refuses((now / 5) % 4), now);
    return level.at(from + ms);
  };

  it("rises while it refuses, never so far that critical calls are shed on its word, and falls when it does not", () => {
    const level = new ShedLevel();
    expect(play(level, 0, 1_000, () => false)).toBe(0);
    const risen = play(level, 1_000, 5_000, (rank) => rank === 0);
    expect(risen).toBeGreaterThan(0.2);
    expect(play(level, 6_000, 60_000, () => true)).toBe(2);
    expect(play(level, 66_000, 60_000, () => false)).toBe(0);
  });

  it("falls by itself where nobody comes any more", () => {
    const level = new ShedLevel();
    play(level, 0, 10_000, () => true);
    expect(level.at(200_000)).toBe(0);
  });

  it("sheds whole levels below it, and of its own as many as it says", () => {
    expect([0, 1, 2].map((rank) => isShedAt(1.25, rank, 0.999))).toEqual([true, false, false]);
    expect([isShedAt(1.25, 1, 0.24), isShedAt(1.25, 1, 0.26), isShedAt(0, 0, 0)]).toEqual([true, false, false]);
  });
});

describe("the time a call would stay", () => {
  it("is not known before there were answers, and then is that of the calls before it, at their pace", () => {
    const sojourn = new Sojourn();
    sojourn.setInFlight(20, 0, 50);
    expect(sojourn.predictedMs(0)).toBe(0);
    for (let n = 1; n <= 20; n++) {
      sojourn.setInFlight(20, n * 50, 50); // one leaves, one comes
      sojourn.completed();
    }
    expect(sojourn.predictedMs(1_000)).toBeGreaterThan(0.8 * 21 * 50);
    expect(sojourn.predictedMs(1_000)).toBeLessThan(1.2 * 21 * 50);
    sojourn.setInFlight(0, 1_001, 50);
    expect(sojourn.predictedMs(1_001)).toBeLessThan(60);
  });
});

it("reports the shed level of a host that has refused calls at its limit", () => {
  const host = new Admission({ max: 10, floor: 10 });
  expect(host.shedLevel(0)).toBe(0);
  for (let n = 0; n < 10; n++) host.begin(0, 10_000);
  for (let n = 0; n < 20; n++) host.refusal(0, Number.POSITIVE_INFINITY, n === 19 ? 100 : 0);
  expect(host.shedLevel(100)).toBeGreaterThan(0);
});
