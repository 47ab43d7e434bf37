// What the isolates of one relay run: each counts once, for some intervals, and the report is bounded.
import { describe, expect, it } from "vitest";
import { FleetCounts } from "../../../core/control/fleet-counts.ts";
import { MAX_DIGESTS, MAX_REFUSALS } from "../../../core/control/fleet-reports.ts";

const NOW = 1_000_000;

describe("FleetCounts", () => {
  it("counts each isolate once, for three of its intervals", () => {
    const counts = new FleetCounts();
    counts.receive("one", { known: 0, has: [], runs: "a" }, 10_000, NOW);
    counts.receive("two", { known: 0, has: [], runs: "a", canary: "b" }, 10_000, NOW + 1);
    counts.receive("one", { known: 0, has: [], runs: "b", refused: [{ digest: "c", reason: "why" }] }, 10_000, NOW + 2);
    expect(counts.report("weur/relay-0", NOW + 3)).toEqual({
      ...{ relay: "weur/relay-0", validMs: 30_000, isolates: { a: 1, b: 1 }, canaries: { b: 1 } },
      refused: [{ digest: "c", reason: "why", isolates: 1 }],
      fallenBack: 0,
    });
    expect(counts.report("weur/relay-0", NOW + 30_001).isolates).toEqual({ b: 1 });
  });

  it("names first what most isolates refuse", () => {
    const counts = new FleetCounts();
    const refusing = (digest: string) => ({ known: 0, has: [], runs: "a", refused: [{ digest, reason: "why" }] });
    for (const [isolate, digest] of ["c", "d", "d", "e", "d", "e"].entries()) counts.receive(`${isolate}`, refusing(digest), 10_000, NOW);
    expect(counts.report("weur/relay-0", NOW + 1).refused.map(({ digest, isolates }) => [digest, isolates])).toEqual([
      ["d", 3],
      ["e", 2],
      ["c", 1],
    ]);
  });

  it("counts the isolates that began without knowing what is live, as long as they count", () => {
    const counts = new FleetCounts();
    counts.receive("one", { known: 0, has: [], runs: "a", hasFallenBack: true }, 10_000, NOW);
    counts.receive("two", { known: 0, has: [], runs: "a" }, 10_000, NOW);
    counts.receive("one", { known: 1, has: [], runs: "b", hasFallenBack: true }, 10_000, NOW + 5_000);
    expect([NOW + 6_000, NOW + 35_000].map((now) => counts.report("weur/relay-0", now).fallenBack)).toEqual([1, 0]);
  });

  it("is bounded, however many isolates there are and whatever they refuse", () => {
    const counts = new FleetCounts();
    for (let n = 0; n < 10_000; n++) {
      const refused = [{ digest: `${n}`, reason: "x".repeat(50_000) }];
      counts.receive(`isolate ${n}`, { known: 0, has: [], runs: `${n % 100}`, refused }, 100, NOW);
    }
    const { isolates, refused } = counts.report("weur/relay-0", NOW);
    expect([Object.values(isolates), refused.length, refused[0]?.reason.length]).toEqual([
      Array(MAX_DIGESTS).fill(50),
      MAX_REFUSALS,
      1_000,
    ]);
  });
});
