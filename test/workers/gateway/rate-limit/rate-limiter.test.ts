import { expect, it } from "vitest";
import { isAnyRefused } from "../../../../workers/gateway/rate-limit/rate-limiter.ts";

it("finds a refusal among decisions, also if some buckets were unreachable", () => {
  const allowed = { kind: "allowed", remaining: 1, nextMs: 0 } as const;
  const refused = { kind: "refused", remaining: 0, nextMs: 1, retryAfterMs: 1 } as const;
  expect(isAnyRefused([allowed, undefined])).toBe(false);
  expect(isAnyRefused([allowed, undefined, refused])).toBe(true);
});
