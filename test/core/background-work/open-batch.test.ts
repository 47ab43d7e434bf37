import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FailureAction, OpenBatch, type QueuedItem } from "../../../core/background-work/open-batch.ts";

const RETRY = { attempts: 3, baseMs: 100, maxMs: 1_000 };
const itemsOf = (count: number, from = 1): QueuedItem<number>[] =>
  Array.from({ length: count }, (_, index) => ({ item: from + index, sequence: from + index, bytes: 1, addedAt: 0 }));
const numbers = (items: readonly QueuedItem<number>[]): number[] => items.map(({ item }) => item);

/** Sends until nothing is left. @returns what arrived, was lost, and how often it was sent */
function play(count: number, bad: ReadonlySet<number>, action: FailureAction, retry = RETRY) {
  const batch = new OpenBatch(itemsOf(count), retry, 0);
  const arrived: number[] = [];
  const lost: number[] = [];
  let now = 0;
  let failures = 0;
  let sent = 0;
  while (!batch.isEmpty) {
    now = Math.max(now, batch.dueAt(now));
    const items = batch.send(++sent, now + 10_000);
    if (items.some(({ item }) => bad.has(item))) {
      failures += 1;
      lost.push(...numbers(batch.failed(action, now, 0.5)));
    } else arrived.push(...numbers(batch.succeeded(now)));
  }
  return { arrived, lost, failures, sent };
}

describe("OpenBatch", () => {
  it("sends a whole batch again, after a pause that doubles, is random and has an end", () => {
    const batch = new OpenBatch(itemsOf(2), { attempts: 6, baseMs: 100, maxMs: 300 }, 0);
    const pauses = [0.5, 0.5, 0.5, 0.5, 0].map((random, index) => {
      batch.send(index + 1, 1e6);
      expect(batch.failed("retry", 1_000, random)).toEqual([]);
      return batch.dueAt(1_000) - 1_000;
    });
    expect(pauses).toEqual([50, 100, 150, 150, 0]);
  });

  it("gives all up after the last attempt where the receiver is down, without halves", () => {
    expect(play(100, new Set([1]), "retry")).toMatchObject({ arrived: [], failures: 3, sent: 3 });
  });

  it("splits after the last attempt, or at once where the items were refused", () => {
    expect(play(2, new Set([2]), "retry_then_split")).toEqual({ arrived: [1], lost: [2], failures: 4, sent: 5 });
    expect(play(2, new Set([2]), "split")).toEqual({ arrived: [1], lost: [2], failures: 2, sent: 3 });
  });

  it("loses only the bad items, in order, up to count / log2(count) of them", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 128 }), fc.array(fc.nat(), { maxLength: 20 }), (count, picks) => {
        const most = Math.max(1, Math.floor((count - 1) / Math.ceil(Math.log2(count))));
        const bad = new Set(picks.slice(0, most).map((pick) => 1 + (pick % count)));
        const { arrived, lost } = play(count, bad, "split");
        expect(lost).toEqual([...bad].sort((a, b) => a - b));
        expect(arrived).toEqual(numbers(itemsOf(count)).filter((item) => !bad.has(item)));
      }),
    );
  });

  it("fails no more often than it has items while it is split, and loses nothing without saying so", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 128 }), fc.constantFrom<FailureAction>("split", "retry_then_split"), (count, action) => {
        const all = new Set(numbers(itemsOf(count)));
        const { arrived, lost, failures } = play(count, all, action);
        expect([arrived, lost]).toEqual([[], [...all]]);
        expect(failures).toBeLessThanOrEqual(count + (action === "split" ? 1 : RETRY.attempts));
      }),
    );
  });

  it("sends a half again where its failure says nothing about the items", () => {
    const batch = new OpenBatch(itemsOf(4), RETRY, 0);
    batch.send(1, 1e6);
    batch.failed("split", 0, 0.5);
    expect(numbers(batch.send(2, 1e6))).toEqual([1, 2]);
    expect(batch.failed("retry", 0, 0.5)).toEqual([]);
    expect(batch.dueAt(0)).toBe(50);
    expect(numbers(batch.send(3, 1e6))).toEqual([1, 2]);
  });

  it("holds the items that are left, and no others", () => {
    const batch = new OpenBatch(itemsOf(4, 10), RETRY, 0);
    batch.send(1, 1e6);
    batch.failed("split", 0, 0);
    batch.send(2, 1e6);
    batch.succeeded(0);
    expect([9, 10, 11, 12, 13, 14].map((sequence) => batch.holds(sequence))).toEqual([false, false, false, true, true, false]);
    expect(batch.firstSequence).toBe(12);
    batch.send(3, 1e6);
    batch.succeeded(0);
    expect([batch.isEmpty, batch.firstSequence]).toEqual([true, Number.POSITIVE_INFINITY]);
  });

  it("is due at the end of its lease, and at once where the clock has stepped back", () => {
    const batch = new OpenBatch(itemsOf(1), RETRY, 5_000);
    expect(batch.dueAt(0)).toBe(0); // 5,000 ms is more than the longest pause
    expect(batch.dueAt(4_500)).toBe(5_000);
    batch.send(1, 9_000);
    expect([batch.lease, batch.dueAt(4_500)]).toEqual([1, 9_000]);
  });
});
