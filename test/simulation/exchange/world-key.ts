// A key that all callers of the world share, lent over regions: the code that runs in production, with a counter at each object.

import { hash32 } from "../../../core/hash.ts";
import { debtLimitOf } from "../../../core/rate-limit/isolate/debt.ts";
import type { LeaseRequest } from "../../../core/rate-limit/lease-messages.ts";
import { FIRST_LENDERS, LenderCount } from "../../../core/rate-limit/region/over-regions.ts";
import type { BucketLimit } from "../../../core/rate-limit/token-bucket.ts";
import { arrivalCurve } from "../limiter/oracles.ts";
import { Leaf } from "../limiter/tree/leaf.ts";
import { Lender } from "../limiter/tree/lender.ts";
import { Root } from "../limiter/tree/root.ts";
import { type Above, REAL_CODE, type Respond, type Site } from "../limiter/tree/site.ts";
import { randomStream, type World } from "../simulation.ts";
import { Counter, ROOT_MS, type SimulatedRegion } from "./network.ts";

const NEAR_MS = 8; // round trip between an isolate and the objects of its region
const OBJECT_MS = 0.2; // time of an object's thread for each request
const WAIT_MS = { open: 250, closed: 1_000 }; // the defaults of `waitMs`

interface LendingObject {
  readonly counter: Counter;
  readonly count: LenderCount;
  readonly lender: Lender;
}

/** All objects that have or lend one bucket. */
export class WorldKey {
  readonly site: Site;
  readonly curve: { readonly excess: number; admit(at: number): void };
  readonly #root: Above;
  readonly #rootCounter = new Counter();
  readonly #objects = new Map<string, LendingObject>(); // keyed by name

  constructor(world: World, limit: BucketLimit, seed: number) {
    const random = randomStream(seed);
    const oneWay = (from: string, to: string): number => {
      if (from === to) return NEAR_MS / 2;
      return ROOT_MS[(from === "root" ? to : from) as SimulatedRegion] / 2;
    };
    const copies = (from: string, to: string): readonly number[] => [oneWay(from, to) * (0.8 - 0.2 * Math.log(1 - random()))];
    this.site = { world, limit, random, code: REAL_CODE, objectMs: OBJECT_MS, copies };
    this.curve = arrivalCurve(limit);
    const root = new Root(this.site, "root");
    this.#root = {
      ...{ name: "root", place: "root", site: this.site },
      handle: (request, respond) => {
        this.#rootCounter.count(world.now);
        root.handle(request, respond);
      },
    };
  }

  isolate(region: SimulatedRegion, name: string, fail: "open" | "closed"): Leaf {
    const debt = fail === "open" ? debtLimitOf(this.site.limit, true) : undefined;
    return new Leaf(new Route(this, region), region, name, WAIT_MS[fail], debt);
  }

  objectOf(region: string, name: string): LendingObject {
    const id = `${region}/${name}`;
    const { now } = this.site.world;
    const object = this.#objects.get(id) ?? {
      ...{ counter: new Counter(), count: new LenderCount(now), lender: new Lender(this.#root, region, id) },
    };
    this.#objects.set(id, object);
    return object;
  }

  /** The most requests in one second to one object of a region, and to the root. */
  most(from: number, to: number): { readonly regional: number; readonly root: number } {
    let regional = 0;
    for (const { counter } of this.#objects.values()) regional = Math.max(regional, counter.most(from, to));
    return { regional, root: this.#rootCounter.most(from, to) };
  }

  get objects(): number {
    return this.#objects.size;
  }

  get requests(): number {
    let sum = this.#rootCounter.total;
    for (const { counter } of this.#objects.values()) sum += counter.total;
    return sum;
  }
}

/** The way of one isolate's requests, as workers/gateway/rate-limit/bucket-object.ts chooses it. */
class Route implements Above {
  readonly name = "route";
  readonly place: string;
  readonly site: Site;
  readonly #key: WorldKey;
  #lenders = 0;

  constructor(key: WorldKey, region: string) {
    this.#key = key;
    this.site = key.site;
    this.place = region;
  }

  handle(request: LeaseRequest, respond: Respond): void {
    const { world } = this.site;
    const hash = hash32(request.isolate);
    if (this.#lenders === 0) {
      const { counter, count } = this.#key.objectOf(this.place, `first-${hash % FIRST_LENDERS}`);
      counter.count(world.now);
      const lenders = count.receive(request.isolate, 0, world.now);
      world.after(NEAR_MS, () => {
        this.#lenders = lenders;
        this.handle(request, respond);
      });
      return;
    }
    const { counter, count, lender } = this.#key.objectOf(this.place, `lender-${hash % this.#lenders}`);
    counter.count(world.now);
    const lenders = count.receive(request.isolate, this.#lenders, world.now);
    lender.handle(request, (grant) => {
      if (grant !== undefined) this.#lenders = lenders;
      respond(grant);
    });
  }
}
