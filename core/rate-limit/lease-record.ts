// What a Durable Object knows of a leased bucket and of its leases: plain data.
import type { LatestLessee } from "./sole/latest-lessee.ts";
export interface LeasedBucket {
  readonly tokens: number; // in the pool, in [-capacity, capacity]; below zero while isolates have spent more than they were granted
  readonly updatedAt: number; // epoch ms of the Durable Object's clock
  readonly leases: Readonly<Record<string, LeaseRecord>>; // one per isolate, its name is the key
  readonly periodFactor: number; // in (0, 1]; periods are shortened by it after many rates expired unused
  readonly scarceUntil?: number; // epoch ms; until then tokens may be missing that no call has spent: after a restart, or if they were lent ahead
  readonly latest?: LatestLessee; // absent if isolates do not report what they spend
}

/** What one isolate may spend of the bucket. */
export interface LeasedShare {
  readonly ratePerMs: number; // tokens per ms
  readonly capacity: number; // tokens; the most that the isolate can hold
  readonly expiresAt: number; // epoch ms; the isolate spends nothing of it afterwards
}

/** What the bucket knows of one isolate. */
export interface LeaseRecord {
  readonly sequence: number; // the latest grant has it
  readonly demandPerMs: number; // tokens per ms, reported with the latest request
  readonly activeUntil: number; // epoch ms; until then the isolate counts in the demand
  readonly current: LeasedShare; // the latest grant
  readonly previous: LeasedShare; // the grant before it, which the isolate still uses if the latest one never arrived
  readonly tokensOwed?: number; // settled by the latest grant; the isolate still owes them if that grant never arrived
  readonly peakDemandPerMs?: number; // reported with the latest request; in a bucket that is lent on
  readonly lessees?: number; // the same; absent for an isolate
}
export const NOTHING: LeasedShare = { ratePerMs: 0, capacity: 0, expiresAt: 0 };
