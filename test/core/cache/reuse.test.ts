// What a stored response may be used for: RFC 9111, section 4.
import { describe, expect, it } from "vitest";
import { NO_DIRECTIVES, parseCacheControl } from "../../../core/cache/headers/directives.ts";
import { ageSeconds, decideReuse, retryPauseMs } from "../../../core/cache/reuse.ts";
import type { StoredResponse } from "../../../core/cache/stored-response.ts";

const NOW = Date.UTC(2026, 10, 25);

describe("the reuse of a stored response", () => {
  const RESPONSE = { generatedAt: NOW - 10_000, freshUntil: NOW + 5_000, staleUntil: NOW + 8_000, fetchMs: 0 } as StoredResponse;
  const reuse = (
    now: number,
    directives = "",
    purged: "valid" | "soft" | "hard" = "valid",
    more: Partial<StoredResponse> = {},
    random = 0.5,
  ) => decideReuse({ ...RESPONSE, ...more }, purged, parseCacheControl(directives), now, random);

  it("is fresh, then stale, then revalidated, and revalidated after a purge", () => {
    expect([reuse(NOW + 4_999).kind, reuse(NOW + 5_000).kind, reuse(NOW + 7_999).kind, reuse(NOW + 8_000).kind]).toEqual([
      "fresh",
      "stale",
      "stale",
      "revalidate",
    ]);
    expect([reuse(NOW, "", "soft").kind, reuse(NOW, "", "hard").kind]).toEqual(["revalidate", "revalidate"]);
  });

  it("respects the directives of the caller", () => {
    expect([reuse(NOW, "no-cache").kind, reuse(NOW, "no-store").kind, reuse(NOW, "other").kind]).toEqual([
      "revalidate",
      "revalidate",
      "fresh",
    ]);
    expect([reuse(NOW, "max-age=9").kind, reuse(NOW, "max-age=10").kind]).toEqual(["revalidate", "fresh"]);
    expect([reuse(NOW, "min-fresh=5").kind, reuse(NOW, "min-fresh=6").kind]).toEqual(["fresh", "revalidate"]);
  });

  it("starts a refresh early at random: the nearer the end and the longer the fetch, the likelier", () => {
    const early = (fetchMs: number, random: number) => reuse(NOW, "", "valid", { fetchMs }, random);
    expect([early(1_000, Math.exp(-4.99)), early(1_000, Math.exp(-5.01))]).toEqual([
      { kind: "fresh", isRefreshedEarly: false },
      { kind: "fresh", isRefreshedEarly: true },
    ]);
    expect(early(0, 0.000_001)).toEqual({ kind: "fresh", isRefreshedEarly: false });
  });

  it("has an age in whole seconds, and pauses after failures of the upstream that double", () => {
    expect([ageSeconds(RESPONSE, NOW), ageSeconds(RESPONSE, NOW + 999), ageSeconds(RESPONSE, NOW - 20_000)]).toEqual([10, 10, 0]);
    expect([0, 1, 2, 3, 5, 6, 99].map(retryPauseMs)).toEqual([1_000, 1_000, 2_000, 4_000, 16_000, 30_000, 30_000]);
  });

  it("starts early refreshes with the probability of the paper", () => {
    const response = { ...RESPONSE, freshUntil: NOW + 10_000, fetchMs: 500 };
    const share = (laterS: number): number => {
      const randoms = Array.from({ length: 1_000 }, (_, index) => (index + 0.5) / 1_000);
      return (
        randoms.filter(
          (random) =>
            (decideReuse(response, "valid", NO_DIRECTIVES, NOW + laterS * 1_000, random) as { isRefreshedEarly: boolean }).isRefreshedEarly,
        ).length / 1_000
      );
    };
    expect(share(0)).toBe(0);
    expect(share(9.5)).toBeCloseTo(Math.exp(-1), 2);
    expect(share(9.9)).toBeCloseTo(Math.exp(-0.2), 2);
  });
});
