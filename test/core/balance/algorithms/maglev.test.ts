// Maglev: shares exact to a slot, few moved keys, and rendezvous where a key finds no eligible endpoint in its slots.
import { describe, expect, it } from "vitest";
import { maglev } from "../../../../core/balance/algorithms/maglev.ts";
import { DEFAULT_BALANCER_SETTINGS } from "../../../../core/balance/balancer.ts";
import { BALANCERS } from "../../../../core/balance/balancers.ts";
import { candidates, countsOf, keyOf, pickInput } from "../candidates.ts";

describe("maglev", () => {
  it("has even shares, by weight", () => {
    const keys = 90_000;
    const weightOf = (index: number): number => (index === 0 ? 3 : 1);
    const counts = countsOf(BALANCERS.maglev, candidates(7, weightOf), keys);
    for (const [index, count] of counts.entries()) expect(Math.abs(count / ((keys * weightOf(index)) / 9) - 1)).toBeLessThan(0.04);
  });

  it("moves few keys of others when one leaves", () => {
    const all = candidates(10);
    const rest = all.filter((_, index) => index !== 4);
    const [before, after] = [maglev(all, DEFAULT_BALANCER_SETTINGS), maglev(rest, DEFAULT_BALANCER_SETTINGS)];
    const keys = 10_000;
    let moved = 0;
    for (let index = 0; index < keys; index++) {
      const input = pickInput(keyOf(index));
      const owner = all[before.pick(input)]!;
      if (owner !== all[4] && rest[after.pick(input)] !== owner) moved += 1;
    }
    expect(moved / keys).toBeLessThan(0.1);
  });

  it("tries 64 slots for an eligible endpoint, then gives the key to the one that rendezvous picks", () => {
    const list = candidates(8);
    const [balancer, rendezvous] = [maglev(list, DEFAULT_BALANCER_SETTINGS), BALANCERS.rendezvous.create(list, DEFAULT_BALANCER_SETTINGS)];
    for (let index = 0; index < 40; index++) {
      const key = keyOf(index);
      // The owner of a slot: all candidates before it are ineligible.
      const ownerOfSlot = (slot: number): number => {
        let checks = 0;
        return balancer.pick(pickInput(key, { isEligible: () => checks++ >= slot }));
      };
      const tried: number[] = [];
      balancer.pick(
        pickInput(key, {
          isEligible: (at) => {
            tried.push(at);
            return false;
          },
        }),
      );
      expect(tried.length).toBe(64 + 8);
      expect(tried.slice(64)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      expect(ownerOfSlot(63)).toBe(tried[63]);
      expect(ownerOfSlot(64)).toBe(rendezvous.pick(pickInput(key)));
    }
  });
});
