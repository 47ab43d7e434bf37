// Retention: the bounds hold, what may be needed at once stays, and rollbacks do not jump over what was dropped.
import { describe, expect, it } from "vitest";
import { MAX_HISTORY_BYTES, MAX_VERSIONS, retained } from "../../../core/control/retention.ts";
import { EMPTY_HISTORY, type Version, type VersionHistory } from "../../../core/control/version.ts";

function versions(count: number, bytes = 1, digest = (n: number): string => `d${n}`): Version[] {
  return Array.from({ length: count }, (_, n) => ({ version: n + 1, digest: digest(n), bytes, author: "ann", at: 0, reason: "r" }));
}

const numbers = (history: VersionHistory): number[] => history.versions.map(({ version }) => version);

describe("retained", () => {
  it("stores the last versions", () => {
    const history = retained({ ...EMPTY_HISTORY, versions: versions(MAX_VERSIONS + 10), lives: [MAX_VERSIONS + 10] });
    expect(numbers(history)).toEqual(Array.from({ length: MAX_VERSIONS }, (_, n) => n + 11));
  });

  it("says that a history is cut once it was live more often than is kept, and not before", () => {
    const livesOf = (count: number) =>
      retained({ ...EMPTY_HISTORY, versions: versions(2), lives: Array.from({ length: count }, (_, n) => (n % 2) + 1) });
    expect([livesOf(MAX_VERSIONS).isCut, livesOf(MAX_VERSIONS).lives.length]).toEqual([false, MAX_VERSIONS]);
    expect([livesOf(MAX_VERSIONS + 1).isCut, livesOf(MAX_VERSIONS + 1).lives.length]).toEqual([true, MAX_VERSIONS]);
  });

  it("never drops the live version, the one before it, or the canary", () => {
    const canary = { version: 3, percent: 5 };
    const history = retained({ ...EMPTY_HISTORY, versions: versions(MAX_VERSIONS + 10), lives: [2, 1], canary });
    expect(numbers(history).slice(0, 4)).toEqual([1, 2, 3, 14]);
    expect(history.lives).toEqual([2, 1]);
  });

  it("bounds the bytes, and counts a shared snapshot once", () => {
    const bytes = MAX_HISTORY_BYTES / 4;
    expect(numbers(retained({ ...EMPTY_HISTORY, versions: versions(6, bytes), lives: [6] }))).toEqual([3, 4, 5, 6]);
    const shared = versions(6, bytes, () => "same");
    expect(numbers(retained({ ...EMPTY_HISTORY, versions: shared, lives: [6] }))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("ends rollbacks above a version that was dropped", () => {
    const lives = [1, 12, 5, 58, 59, 60];
    const history = retained({ ...EMPTY_HISTORY, versions: versions(60), lives });
    expect(history).toMatchObject({ lives: [58, 59, 60], isCut: true });
  });
});
