// Sums over a tree of leases, of what each part may really spend, whatever the part above it believes.
import { reservedByLeases } from "../../../../core/rate-limit/leased-bucket.ts";
import type { Leaf } from "./leaf.ts";
import type { Lender } from "./lender.ts";
import type { Root } from "./root.ts";

const ROUNDING = 1e-6;

interface Spendable {
  readonly capacity: number; // tokens
  readonly ratePerMs: number;
}

/**
 * On each level: what the lessees of one lender may spend, and its own pool, are within its own share. Lessees that still have a share of a
 * lender which has restarted since, or which they have left, count only in the sum over the whole tree.
 *
 * @returns the sums that do not hold
 */
export function sumsOf(root: Root, lenders: readonly Lender[], leaves: readonly Leaf[]): string[] {
  const states = lenders.map((lender) => ({ lender, source: lender.lender, ...lender.settled }));
  const broken: string[] = [];
  const check = (sums: string, more: number, most: number): void => {
    if (more > most + ROUNDING) broken.push(`${sums}: ${more}, at most ${most}`);
  };
  for (const { lender, share, bucket } of states) {
    const own = sum([
      ...leaves.filter(({ lender: source }) => source === lender.name).map((leaf) => leaf.share),
      ...states.filter(({ source }) => source === lender.name).map((one) => one.share),
    ]);
    const reserved = reservedByLeases(bucket.leases);
    check(`${lender.name}: pool and leases`, bucket.tokens + own.capacity, share.capacity);
    check(`${lender.name}: rates`, own.ratePerMs, share.ratePerMs);
    check(`${lender.name}: leases against the books`, own.capacity, reserved.capacity);
  }
  const held = sum(leaves.map((leaf) => leaf.share));
  const pools = states.reduce((tokens, { bucket }) => tokens + bucket.tokens, Math.max(0, root.bucket?.tokens ?? 0));
  const { limit } = root.site;
  check("all pools and leases", pools + held.capacity, limit.capacity);
  check("all rates", held.ratePerMs, limit.rate / limit.intervalMs);
  return broken;
}

function sum(shares: readonly Spendable[]): Spendable {
  const add = (a: Spendable, b: Spendable): Spendable => ({ capacity: a.capacity + b.capacity, ratePerMs: a.ratePerMs + b.ratePerMs });
  return shares.reduce(add, { capacity: 0, ratePerMs: 0 });
}
