// The RateLimit fields as the draft writes them.
import { expect, it } from "vitest";
import { rateLimitHeaders, wholeSeconds } from "../../../core/rate-limit/ratelimit-headers.ts";

const quota = { rule: "per-caller", capacity: 100, windowMs: 2000, remaining: 49, nextMs: 20 };

it("writes one item a rule, as RFC 9651 lists of strings", () => {
  const writes = { rule: "writes", capacity: 20, windowMs: 2500, remaining: 20, nextMs: 0 };
  expect(rateLimitHeaders([quota, writes])).toEqual([
    ["RateLimit-Policy", '"per-caller";q=100;w=2, "writes";q=20;w=3'],
    ["RateLimit", '"per-caller";r=49;t=1, "writes";r=20'],
  ]);
});

it("writes one item where one bucket has answered", () => {
  expect(rateLimitHeaders([quota])).toEqual([
    ["RateLimit-Policy", '"per-caller";q=100;w=2'],
    ["RateLimit", '"per-caller";r=49;t=1'],
  ]);
});

it("writes nothing where no bucket has answered", () => {
  expect(rateLimitHeaders([])).toEqual([]);
});

it("rounds seconds up, never to nothing", () => {
  expect([0, 1, 999, 1000, 1001].map(wholeSeconds)).toEqual([1, 1, 1, 1, 2]);
});
