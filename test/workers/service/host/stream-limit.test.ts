import { describe, expect, it } from "vitest";
import { CRITICALITIES } from "../../../../core/overload/criticality.ts";
import { StreamLimit } from "../../../../workers/service/host/stream-limit.ts";

const NOW = 1_000_000;
const CRITICAL = 2;

describe("the limit of open streams", () => {
  it("refuses less critical streams first, and all of them at the limit", () => {
    const limit = new StreamLimit(100);
    const refusedFrom = CRITICALITIES.map(() => 0);
    for (let open = 0; open < 100; open++) {
      for (const rank of refusedFrom.keys()) if (limit.refusal(rank, NOW) === "level") refusedFrom[rank] ||= open;
      limit.begin(NOW, Number.POSITIVE_INFINITY);
    }
    expect(refusedFrom).toEqual([70, 80, 95, 0]);
    expect([0, 1, 2, 3].map((rank) => limit.refusal(rank, NOW))).toEqual(["full", "full", "full", "full"]);
    expect(limit.open(NOW)).toBe(100);
  });

  it("counts a stream until it ends, once, or until its deadline", () => {
    const limit = new StreamLimit(2);
    const end = limit.begin(NOW, Number.POSITIVE_INFINITY);
    limit.begin(NOW, 500);
    expect(limit.refusal(CRITICAL, NOW)).toBe("full");
    expect(limit.refusal(CRITICAL, NOW + 500)).toBeUndefined();
    expect(limit.open(NOW + 500)).toBe(1);
    end();
    end();
    expect(limit.open(NOW + 500)).toBe(0);
    limit.begin(NOW, Number.POSITIVE_INFINITY);
    expect(limit.open(NOW + 86_400_000)).toBe(0); // one whose end was never seen
  });
});
