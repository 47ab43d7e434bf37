// The endpoints of one upstream in the groups in which they are tried, and the choice of one for an attempt.
import type { LocalBreaker } from "../breaker/local-breaker.ts";
import type { BreakerPolicy } from "../config/breaker.ts";
import type { BalancerName } from "../config/upstream.ts";
import { MOST_CRITICAL, type Rank } from "../overload/criticality.ts";
import type { Balancer, Candidate } from "./balancer.ts";
import { BALANCERS } from "./balancers.ts";
import { groupsOf, type IsolateLocation, type LocalityGroup } from "./locality.ts";
import type { Member } from "./member.ts";
import type { PickRequest, PickResult } from "./pick-request.ts";

export interface FleetSettings {
  readonly balancer: BalancerName;
  readonly maxConcurrent: number; // calls of this isolate in flight at one endpoint
  readonly maxLoadFactor: number; // see BalancerSettings
  readonly slowStartMs: number; // time in which an endpoint that joins later grows into its share
  readonly breaker: BreakerPolicy;
}

export interface FleetEndpoint extends Candidate, Member {
  readonly breaker: LocalBreaker;
  readonly warmAt: number; // epoch ms, the end of the slow start
}

interface EndpointGroup extends LocalityGroup<FleetEndpoint> {
  readonly balancer: Balancer;
  readonly positions: ReadonlyMap<string, number>; // members by id
  readonly unhealthy: number; // members that health checks keep calls away from; a change of that makes new groups
}

const SPILL_PERCENT = 30; // where more endpoints of a zone or subset are unavailable, the whole priority is used
const MIN_WARMTH = 0.1; // chance of a pick at the beginning of the slow start

/** What a pick may ignore, tried in this order. */
const IGNORES_NOTHING = 0;
const IGNORES_HEALTH = 1; // health checks and the slow start
const IGNORES_TRIED = 2; // the same, and that an endpoint was tried before
const LENIENCIES = [IGNORES_NOTHING, IGNORES_HEALTH, IGNORES_TRIED] as const;

/** Fixed once made: a new list of endpoints gets new groups. Draining endpoints are in none of them. */
export class EndpointGroups {
  readonly #settings: FleetSettings;
  readonly #groups: readonly EndpointGroup[]; // in the order in which they are tried
  readonly #only: FleetEndpoint | undefined; // the one endpoint of an upstream that has no other: nothing is compared then

  constructor(endpoints: Iterable<FleetEndpoint>, location: IsolateLocation, settings: FleetSettings) {
    this.#settings = settings;
    const active = [...endpoints].filter(({ isDraining }) => !isDraining);
    const kind = BALANCERS[settings.balancer];
    this.#groups = groupsOf(active, location).map((group) => ({
      ...group,
      balancer: kind.create(group.members, settings),
      positions: new Map(group.members.map(({ id }, position) => [id, position])),
      unhealthy: group.members.filter(({ isHealthy }) => isHealthy === false).length,
    }));
    this.#only = active.length === 1 ? active[0] : undefined;
  }

  /** Whether no other endpoint could be picked before this one, as far as its own state goes: it is untried, and not full. */
  #isFree({ id, load }: FleetEndpoint, { now, tried }: PickRequest): boolean {
    return !tried.has(id) && load.inFlight(now) < this.#settings.maxConcurrent;
  }

  get isEmpty(): boolean {
    return this.#groups.length === 0;
  }

  /** @returns an endpoint whose breaker waits for a probe, where one may take the attempt: the first one of the list */
  dueForProbe({ now, tried }: PickRequest, suspects: ReadonlySet<string>): FleetEndpoint | undefined {
    const { maxConcurrent } = this.#settings;
    for (const { members, positions } of this.#groups) {
      let first = members.length;
      for (const id of suspects) {
        const position = positions.get(id);
        if (position === undefined || position > first || tried.has(id)) continue;
        const { breaker, isHealthy, load } = members[position]!;
        if (breaker.isDueForProbe(now) && isHealthy !== false && load.inFlight(now) < maxConcurrent) first = position;
      }
      if (first < members.length) return members[first];
    }
    return undefined;
  }

  /**
   * Picks in this order: 1. a healthy, untried endpoint with capacity, from the first group that has any; 2. the same, ignoring health
   * checks and the slow start; 3. the same, including endpoints already tried. Health checks may be wrong, and must not close an upstream.
   *
   * @param random   in [0, 1), compared with the shed levels of all endpoints
   * @param suspects endpoints whose breakers may keep calls away, as long as not too many of a group do; undefined where none may
   */
  pick(request: PickRequest, rank: Rank, random: number, suspects: ReadonlySet<string> | undefined): FleetEndpoint | undefined {
    if (this.#only !== undefined && suspects === undefined && rank >= MOST_CRITICAL && this.#isFree(this.#only, request)) return this.#only;
    for (const leniency of LENIENCIES) {
      for (const group of this.#groups) {
        const endpoint = this.#pickFrom(group, leniency, request, rank, random, suspects);
        if (endpoint !== undefined) return endpoint;
      }
    }
    return undefined;
  }

  /** @returns undefined where the next group is to be tried */
  #pickFrom(
    { members, balancer, isSubset, positions, unhealthy }: EndpointGroup,
    leniency: number,
    request: PickRequest,
    rank: Rank,
    random: number,
    suspects: ReadonlySet<string> | undefined,
  ): FleetEndpoint | undefined {
    const { now, rng, tried, method } = request;
    const { maxConcurrent, breaker, balancer: name } = this.#settings;
    const honorsHealth = leniency === IGNORES_NOTHING;
    const refusing = suspects && new Set<number>(); // positions
    let unavailable = honorsHealth ? unhealthy : 0;
    for (const id of suspects ?? []) {
      const position = positions.get(id);
      if (position === undefined || !members[position]!.breaker.refuses(now, rng(), method)) continue;
      refusing?.add(position);
      if (!honorsHealth || members[position]!.isHealthy !== false) unavailable += 1;
    }
    const isUnavailable = ({ isHealthy }: FleetEndpoint, position: number): boolean =>
      refusing?.has(position) === true || (honorsHealth && isHealthy === false);
    if (unavailable === members.length || (isSubset && unavailable * 100 > SPILL_PERCENT * members.length)) return undefined;
    const honorsAvailability = unavailable * 100 <= breaker.maxOpenPercent * members.length;
    const hasSlowStart = honorsHealth && !BALANCERS[name].usesKey; // keys do not move while an endpoint warms up
    const isEligible = (index: number): boolean => {
      const endpoint = members[index]!;
      const { load, id, warmAt } = endpoint;
      if (honorsAvailability && isUnavailable(endpoint, index)) return false;
      if (rank < MOST_CRITICAL && load.refuses(rank, random, now)) return false;
      if (hasSlowStart && warmAt > now && rng() >= this.#warmth(warmAt, now)) return false;
      return (leniency === IGNORES_TRIED || !tried.has(id)) && load.inFlight(now) < maxConcurrent;
    };
    const index = balancer.pick({ ...request, isEligible });
    return index === -1 ? undefined : members[index];
  }

  /** The chance with which an endpoint is considered during its slow start: it grows from a tenth to 1. */
  #warmth(warmAt: number, now: number): number {
    return Math.max(MIN_WARMTH, 1 - (warmAt - now) / this.#settings.slowStartMs);
  }

  /** Whether the breakers of all endpoints keep calls away. */
  areAllOpen({ now, method }: PickRequest): boolean {
    return this.#groups.every(({ members }) => members.every(({ breaker }) => breaker.refuses(now, 0, method)));
  }

  /** Why `pick` found no endpoint. */
  refusal(request: PickRequest, rank: Rank, random: number, honorsBreakers: boolean): PickResult {
    const { now } = request;
    const all = this.#groups.flatMap(({ members }) => members);
    if (rank < MOST_CRITICAL && all.some(({ load }) => load.refuses(rank, random, now))) return { kind: "shed" };
    if (!honorsBreakers || !this.areAllOpen(request)) return { kind: "full" };
    return { kind: "open", retryAfterMs: Math.min(...all.map(({ breaker }) => breaker.retryAfterMs(now))) };
  }

  /** Whether every endpoint has its maximum of calls in flight. */
  isFull(now: number): boolean {
    const { maxConcurrent } = this.#settings;
    return this.#groups.length > 0 && this.#groups.every(({ members }) => members.every(({ load }) => load.inFlight(now) >= maxConcurrent));
  }

  /** The share of the keys that each endpoint owns within its priority, by id; empty where the balancer does not pick by key. */
  shares(): ReadonlyMap<string, number> {
    const shares = new Map<string, number>();
    for (const { members, balancer, isSubset } of this.#groups) {
      const owned = isSubset ? undefined : balancer.shares?.();
      if (owned !== undefined) for (const [index, { id }] of members.entries()) shares.set(id, owned[index]!);
    }
    return shares;
  }

  /** What a call of a method is expected to cost at an endpoint, where 1 is the mean. */
  costOf({ priority, isDraining }: Member, method: number): number {
    if (isDraining) return 1;
    const group = this.#groups.findLast(({ members }) => members[0]!.priority === priority);
    return group?.balancer.costOf?.(method) ?? 1;
  }

  /** @param ratio response time divided by what the endpoint takes for a call of cost 1 */
  learn({ priority }: Member, method: number, ratio: number): void {
    for (const { members, balancer } of this.#groups) if (members[0]!.priority === priority) balancer.learn?.(method, ratio);
  }
}
