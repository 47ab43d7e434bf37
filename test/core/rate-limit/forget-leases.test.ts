// The leases that an isolate forgets once it has too many.
import { expect, it } from "vitest";
import { forgetLeases } from "../../../core/rate-limit/forget-leases.ts";
import { BucketLease } from "../../../core/rate-limit/lease.ts";

const NOW = 1_000_000;
const GRANT = { tokens: 10, ratePerMs: 0, capacity: 20, lifetimeMs: 1_000, renewAfterMs: 400, pauseMs: 0, retryAfterMs: 0, poolTokens: 7 };

function leased(lifetimeMs: number, pauseMs = 0): BucketLease {
  const lease = new BucketLease();
  const { sequence } = lease.request("i", 0, NOW);
  lease.applyGrant({ ...GRANT, sequence, lifetimeMs, pauseMs }, NOW, NOW);
  return lease;
}

function inDebt(): BucketLease {
  const lease = leased(300);
  lease.overdraw(15, 20, NOW);
  return lease;
}

const mapOf = (leases: readonly BucketLease[]) => new Map(leases.map((lease, index) => [String(index), { lease }]));

it.each([
  [99, 100, 0],
  [100, 100, 5],
  [10, 10, 1],
  [3, 3, 1],
])("forgets a twentieth of %i leases under a maximum of %i, the oldest first", (size, max, forgotten) => {
  const leases = mapOf(Array.from({ length: size }, () => leased(1_000)));
  forgetLeases(leases, max, NOW);
  expect([...leases.keys()]).toEqual(Array.from({ length: size - forgotten }, (_, index) => String(index + forgotten)));
});

it("forgets leases that hold nothing before those that hold tokens or a pause, and debts last", () => {
  const leases = mapOf([inDebt(), leased(1_000), leased(300, 1_000), leased(300), new BucketLease()]);
  const order: string[] = [];
  for (let left = 5; left > 0; left--) {
    const before = [...leases.keys()];
    forgetLeases(leases, left, NOW + 500);
    order.push(...before.filter((key) => !leases.has(key)));
  }
  expect(order).toEqual(["3", "4", "1", "2", "0"]);
});
