// Which leases an isolate forgets once it has too many: callers choose the keys, so their number must be bounded.
import type { BucketLease } from "./lease.ts";

/** In this order: a new lease would be the same; only tokens or a pause are lost; a debt is lost, too. */
const MAY_FORGET: readonly ((lease: BucketLease, now: number) => boolean)[] = [
  (lease, now) => lease.isIdle(now),
  (lease) => lease.debt === 0,
  () => true,
];

/** Once there are `max` leases, forgets a twentieth of them, the oldest of a kind first: callers choose the keys. */
export function forgetLeases(leases: Map<string, { readonly lease: BucketLease }>, max: number, now: number): void {
  if (leases.size < max) return;
  let left = Math.ceil(max / 20);
  for (const mayForget of MAY_FORGET) {
    for (const [key, { lease }] of leases) {
      if (left === 0) return;
      if (!mayForget(lease, now)) continue;
      leases.delete(key);
      left -= 1;
    }
  }
}
