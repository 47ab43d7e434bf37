// Isolates that share a leased bucket under a rule, in a world with latency: what leased-buckets.ts does, without its messages.
import { collectMs, type DebtLimit, debtLimitOf, NO_DEBT } from "../../core/rate-limit/isolate/debt.ts";
import { BucketLease } from "../../core/rate-limit/lease.ts";
import type { LeasedBucket } from "../../core/rate-limit/lease-record.ts";
import { grantLease } from "../../core/rate-limit/leased-bucket.ts";
import type { BucketLimit } from "../../core/rate-limit/token-bucket.ts";
import { randomStream, World } from "../simulation/simulation.ts";

export interface FleetSetting {
  readonly limit: BucketLimit;
  readonly isolates: number;
  readonly isShared: boolean; // whether all callers share the key
  readonly callsPerSecond: number; // calls of each isolate, Poisson
  readonly seconds: number;
  readonly rttMs: number;
  readonly loss?: number; // share of the requests, and of the grants, that are lost
  readonly startWithinMs?: number; // the isolates' first calls
  readonly waitMs?: number; // the rule fails closed: calls wait so long and nothing passes on debt; absent: it fails open
}

export interface FleetOutcome {
  readonly admitted: readonly number[]; // times, ms
  readonly calls: number;
  readonly refused: number;
  readonly waited: number;
  readonly messages: number;
  readonly awaited: number; // messages that at least one call waited for
  readonly debtAdmitted: number;
  readonly debtForgiven: number;
  readonly mostDebt: number; // tokens, the most that one isolate owed
}

const WAIT_MS = 250;
const TIMEOUT_MS = 1_000;

export function runFleet(setting: FleetSetting, seed: number): FleetOutcome {
  const { limit, rttMs, loss = 0 } = setting;
  const world = new World();
  const random = randomStream(seed);
  const { waitMs } = setting;
  const isClosed = waitMs !== undefined;
  const aheadMs = isClosed ? waitMs / 2 : 0;
  const debtLimit: DebtLimit = isClosed ? NO_DEBT : debtLimitOf(limit, setting.isShared);
  const admitted: number[] = [];
  const sums = { calls: 0, refused: 0, waited: 0, messages: 0, awaited: 0, debtAdmitted: 0, debtForgiven: 0, mostDebt: 0 };
  let bucket: LeasedBucket | undefined;

  for (let index = 0; index < setting.isolates; index++) {
    const lease = new BucketLease();
    let waiting: (() => void)[] = [];
    let dueAt = Number.POSITIVE_INFINITY;
    const wake = (): void => {
      const calls = waiting;
      waiting = [];
      for (const call of calls) call();
    };
    const send = (): void => {
      dueAt = Number.POSITIVE_INFINITY;
      if (lease.isRequesting(world.now)) return;
      const sentAt = world.now;
      const needed = lease.request(`i${index}`, waiting.length, sentAt, aheadMs);
      const request = waiting.length > 1 ? { ...needed, leastNeeded: 1 } : needed;
      let isAwaited = waiting.length > 0;
      sums.messages += 1;
      if (random() >= loss) {
        world.after(rttMs / 2, () => {
          const [after, grant] = grantLease(bucket, limit, request, world.now, random());
          bucket = after;
          if (random() < loss) return;
          world.after(rttMs / 2, () => {
            sums.debtForgiven += grant?.tokensForgiven ?? 0;
            lease.applyGrant(grant, sentAt, world.now);
            isAwaited ||= waiting.length > 0;
            if (isAwaited) sums.awaited += 1;
            wake();
            if (lease.unsentDebt > 0) queue();
            keepAhead();
          });
        });
      }
      if (loss > 0) world.after(TIMEOUT_MS, wake);
    };
    const queue = (): void => {
      const delayMs = collectMs(lease, debtLimit);
      if (world.now + delayMs >= dueAt) return;
      dueAt = world.now + delayMs;
      world.at(dueAt, () => {
        if (world.now >= dueAt) send();
      });
    };
    const keepAhead = (): void => {
      const dueInMs = lease.renewalDueInMs(world.now);
      if (dueInMs === undefined) return;
      world.after(dueInMs, () => {
        if (lease.renewalDueInMs(world.now) === 0) queue();
      });
    };
    const decide = (since: number, isBack: boolean): void => {
      const decision = isBack ? lease.takeAfterWait(1, world.now, debtLimit) : lease.take(1, world.now, debtLimit);
      if (decision.kind === "refused") {
        sums.refused += 1;
        return;
      }
      if (decision.kind === "allowed") {
        admitted.push(world.now);
        sums.debtAdmitted += decision.owed;
        sums.mostDebt = Math.max(sums.mostDebt, lease.debt);
        if (!isBack && lease.isLow(world.now)) queue();
        return;
      }
      if (!isBack) sums.waited += 1;
      if (isClosed && world.now - since >= waitMs) {
        sums.refused += 1;
        return;
      }
      if (!isClosed && world.now - since >= WAIT_MS) {
        admitted.push(world.now);
        lease.overdraw(1, limit.capacity, world.now);
        return;
      }
      waiting.push(() => decide(since, true));
      if (!lease.isRequesting(world.now)) world.after(lease.recoversInMs(world.now), send);
    };
    const arrive = (): void => {
      sums.calls += 1;
      decide(world.now, false);
      world.after((-Math.log(1 - random()) * 1_000) / setting.callsPerSecond, arrive);
    };
    world.at(random() * (setting.startWithinMs ?? 0), arrive);
  }
  world.run(setting.seconds * 1_000);
  return { admitted, ...sums };
}

/** The most by which a window of admissions exceeds capacity + rate x length, tokens. */
export function excessOf(admitted: readonly number[], { capacity, rate, intervalMs }: BucketLimit): number {
  let [level, at, most] = [0, 0, 0];
  for (const time of admitted) {
    level = Math.max(0, level - ((time - at) * rate) / intervalMs) + 1;
    at = time;
    most = Math.max(most, level - capacity);
  }
  return most;
}
