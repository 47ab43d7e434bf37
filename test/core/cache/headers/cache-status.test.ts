// The Cache-Status field, RFC 9211.
import { expect, it } from "vitest";
import { cacheStatus } from "../../../../core/cache/headers/cache-status.ts";

it("writes the parameters of RFC 9211 in order, and only those that are known", () => {
  expect(cacheStatus({})).toBe("tidegate");
  expect(cacheStatus({ isHit: true, ttl: 30, detail: "l2" })).toBe("tidegate; hit; ttl=30; detail=l2");
  expect(cacheStatus({ isHit: true, ttl: -3 })).toBe("tidegate; hit; ttl=-3");
  expect(cacheStatus({ fwd: "stale", fwdStatus: 304, isStored: true, isCollapsed: true, detail: "x" })).toBe(
    "tidegate; fwd=stale; fwd-status=304; stored; collapsed; detail=x",
  );
});
