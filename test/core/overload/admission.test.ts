// What a host admits: calls that can end before their deadline, and more critical ones first.
import { describe, expect, it } from "vitest";
import { Admission } from "../../../core/overload/admission.ts";

const INFINITE = Number.POSITIVE_INFINITY;

/** Works on one call after the other, `workMs` each; a call comes every `everyMs`. @returns refusals of the last second, by rank and reason */
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
    const refusal = host.refusal(rank, remainingMs, now);
    if (refusal === undefined) {
      if (waiting.length === 0) busyUntil = now + workMs;
      waiting.push(host.begin(now, now + 60_000));
    } else if (now >= forMs - 1_000) refused[`${rank} ${refusal}`] = (refused[`${rank} ${refusal}`] ?? 0) + 1;
  }
  return { refused, waiting: waiting.length };
}

describe("a host", () => {
  it("refuses no call while it keeps up", () => {
    const { refused } = serial(new Admission({ max: 10_000, floor: 8 }), 12, 10, 20_000, 1_000, [0, 1, 2, 3]);
    expect(refused).toEqual({});
  });

  it("refuses no burst of calls that wait for other services", () => {
    const host = new Admission({ max: 10_000, floor: 8 });
    for (let now = 0; now < 5_000; now += 100) host.end(host.begin(now, now + 60_000), now + 50, true);
    const burst = Array.from({ length: 500 }, () => [host.refusal(3, 1_000, 5_000), host.begin(5_000, 65_000)] as const);
    expect(burst.filter(([refusal]) => refusal !== undefined)).toEqual([]);
    for (const [, permit] of burst) host.end(permit, 5_050, true);
    expect(host.refusal(0, 1_000, 5_060)).toBeUndefined();
  });

  it("refuses no fast call because of slow ones that wait for other services", () => {
    const host = new Admission({ max: 10_000, floor: 8 });
    const slow: { permit: ReturnType<Admission["begin"]>; endsAt: number }[] = [];
    const refused: unknown[] = [];
    for (let now = 0; now < 60_000; now += 10) {
      while (slow[0] !== undefined && slow[0].endsAt <= now) host.end(slow.shift()!.permit, now, true);
      if (now % 50 === 0) slow.push({ permit: host.begin(now, now + 60_000), endsAt: now + 5_000 }); // a hundred are in flight
      if (now < 20_000) continue;
      const refusal = host.refusal(2, 300, now);
      if (refusal !== undefined) refused.push(refusal);
      else host.end(host.begin(now - 5, now + 300), now, true);
    }
    expect(refused).toEqual([]);
  });

  it("begins no call that would miss its deadline, with twice the work that it can do", () => {
    const { refused, waiting } = serial(new Admission({ max: 10_000, floor: 8 }), 5, 10, 30_000, 400, [3]);
    expect(refused["3 late"]).toBeGreaterThan(30);
    expect(waiting * 10).toBeLessThan(800);
  });

  it("refuses the lowest rank first, with more work than it can do", () => {
    const { refused } = serial(new Admission({ max: 10_000, floor: 8 }), 7, 10, 30_000, 5_000, [0, 2, 3]);
    expect(refused["0 level"]).toBeGreaterThan(20);
    expect((refused["2 level"] ?? 0) + (refused["3 level"] ?? 0)).toBeLessThan(refused["0 level"]! / 5);
  });

  it("is full at its maximum for every rank, until permits expire", () => {
    const host = new Admission({ max: 100, floor: 100 });
    for (let n = 0; n < 100; n++) host.begin(0, 1_000);
    expect([0, 1, 2, 3].map((rank) => host.refusal(rank, INFINITE, 0))).toEqual(["full", "full", "full", "full"]);
    expect(host.refusal(2, INFINITE, 1_000)).toBeUndefined();
    expect(host.inFlight(1_000)).toBe(0);
  });
});

describe("the maximum of a host", () => {
  it("gives each rank its share", () => {
    const refusals = (inFlight: number) => {
      const host = new Admission({ max: 100, floor: 100 });
      for (let n = 0; n < inFlight; n++) host.begin(0, 1_000);
      return [0, 1, 2, 3].map((rank) => host.refusal(rank, Number.POSITIVE_INFINITY, 0));
    };
    const [no, level, full] = [undefined, "level", "full"];
    expect([refusals(59), refusals(60), refusals(79), refusals(80), refusals(94), refusals(95), refusals(99), refusals(100)]).toEqual([
      [no, no, no, no],
      [level, no, no, no],
      [level, no, no, no],
      [level, level, no, no],
      [level, level, no, no],
      [level, level, level, no],
      [level, level, level, no],
      [full, full, full, full],
    ]);
  });
});

it("admits the most critical calls beyond the adaptive limit, and reports a shed level", () => {
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
  expect(refused[0]).toBeGreaterThan(2_500); // 3,000 calls of each rank; half of all can be served
  expect(refused[1]).toBeGreaterThan(2_500);
  expect(refused[2]).toBeLessThan(200);
  expect(refused[3]).toBe(0);
  expect(host.shedLevel(60_000)).toBe(2);
  expect(host.shedLevel(500_000)).toBe(0);
});

it("reports the shed level of a host that has refused calls at its limit", () => {
  const host = new Admission({ max: 10, floor: 10 });
  expect(host.shedLevel(0)).toBe(0);
  for (let n = 0; n < 10; n++) host.begin(0, 10_000);
  for (let n = 0; n < 20; n++) host.refusal(0, Number.POSITIVE_INFINITY, n === 19 ? 100 : 0);
  expect(host.shedLevel(100)).toBeGreaterThan(0);
});

describe("a probe of the adaptive limit", () => {
  /** Keeps `inFlight` calls in flight; each 10 ms the oldest ends and a new one begins. @returns the time at the end */
  const rotate = (
    host: Admission,
    held: ReturnType<Admission["begin"]>[],
    inFlight: number,
    from: number,
    ms: number,
    each: (now: number) => void,
  ) => {
    for (let now = from; now < from + ms; now += 10) {
      while (held.length >= inFlight) host.end(held.shift()!, now, true);
      held.push(host.begin(now, now + 60_000));
      each(now);
    }
    return from + ms;
  };

  it("holds all ranks but the highest to the lowered limit", () => {
    const host = new Admission({ max: 1_000, floor: 4 });
    const held: ReturnType<Admission["begin"]>[] = [];
    const start = rotate(host, held, 2, 0, 1_000, () => undefined); // the base latency: 10 or 20 ms
    while (held.length < 14) held.push(host.begin(start, start + 60_000));
    const refusals = new Set<string>();
    rotate(host, held, 15, start, 10_000, (now) => {
      refusals.add([2, 3].map((rank) => host.refusal(rank, Number.POSITIVE_INFINITY, now)).join());
    });
    expect(refusals.has(",")).toBe(true); // a critical call is admitted at up to six times the limit ...
    expect(refusals.has("level,")).toBe(true); // ... but not during a probe
    expect([...refusals].filter((each) => each.endsWith("level"))).toEqual([]);
  });
});
