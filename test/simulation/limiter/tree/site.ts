// What all parts of a tree of leases share: the real core, clocks, threads, and links that delay, lose and double messages.
import type { LeaseGrant, LeaseRequest } from "../../../../core/rate-limit/lease-messages.ts";
import { grantLease } from "../../../../core/rate-limit/leased-bucket.ts";
import { lendOn, newRegionalBucket, type RegionalBucket } from "../../../../core/rate-limit/region/regional-bucket.ts";
import { applyRootGrant, requestRoot } from "../../../../core/rate-limit/region/regional-requests.ts";
import type { BucketLimit } from "../../../../core/rate-limit/token-bucket.ts";
import type { World } from "../../simulation.ts";
import type { Lender } from "./lender.ts";
import type { Root } from "./root.ts";

/** The objects' own, see durable-objects/rate-limit/. */
export const FAILURE_PAUSE_MS = 1_000;

/** The code under test, or mutants of it. */
export interface TreeCode {
  readonly grantLease: typeof grantLease;
  readonly lendOn: typeof lendOn;
  readonly requestRoot: typeof requestRoot;
  readonly applyRootGrant: typeof applyRootGrant;
  /** What is left of a lender, and its name at the one above, after it has lost its memory. */
  readonly restart: (state: RegionalBucket, name: string, now: number) => readonly [RegionalBucket, string];
}

export const REAL_CODE: TreeCode = {
  grantLease,
  lendOn,
  requestRoot,
  applyRootGrant,
  restart: (_, name, now) => [newRegionalBucket(now), `${name}'`],
};

/** What all parts of one tree share. */
export interface Site {
  readonly world: World;
  readonly limit: BucketLimit;
  readonly random: () => number;
  readonly code: TreeCode;
  readonly objectMs: number; // time of an object's one thread for each request
  /** Delays of the copies of a message that arrive, ms; none if it is lost. */
  copies(from: string, to: string): readonly number[];
  /** Called when an object has decided a request. */
  decided?(lender: Root | Lender): void;
}

/** The one that a part of the tree sends its requests to. */
export interface Above {
  readonly name: string;
  readonly place: string;
  readonly site: Site;
  handle(request: LeaseRequest, respond: Respond): void;
}

export type Respond = (grant: LeaseGrant | undefined) => void;

/** A clock that can be set back. */
export class Clock {
  readonly #world: World;
  backMs = 0;
  constructor(world: World) {
    this.#world = world;
  }
  get now(): number {
    return this.#world.now - this.backMs;
  }
}

/** One thread that takes `objectMs` for each request. */
export class Thread {
  readonly #site: Site;
  #busyUntil = 0;
  requests = 0;
  constructor(site: Site) {
    this.#site = site;
  }
  run(work: () => void): void {
    this.requests += 1;
    this.#busyUntil = Math.max(this.#busyUntil, this.#site.world.now) + this.#site.objectMs;
    this.#site.world.at(this.#busyUntil, work);
  }
}

export function send(site: Site, from: string, to: string, arrive: () => void): void {
  for (const delay of site.copies(from, to)) site.world.after(delay, arrive);
}
