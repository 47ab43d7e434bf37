// The endpoints of one upstream as one isolate knows them: who may be picked, by priority and health, and who is.
import { type Admitted, type LocalBreaker, UNRECORDED } from "../breaker/local-breaker.ts";
import { LocalBreakers } from "../breaker/local-breakers.ts";
import { Budget } from "../budget.ts";
import type { BreakerPolicy } from "../config/breaker.ts";
import { MOST_CRITICAL } from "../overload/criticality.ts";
import { medianOf, REDIRECT_BUDGET } from "../overload/redirect.ts";
import type { Balancer, Candidate } from "./balancer.ts";
import { BALANCERS, type BalancerName } from "./balancers.ts";
import { type AttemptPermit, Load, type LoadReport } from "./load.ts";
import { ANYWHERE, groupsOf, type IsolateLocation, type LocalityGroup } from "./locality.ts";
import type { AttemptEnd, Member, PickRequest, PickResult, ServingStatus } from "./member.ts";

export type { AttemptEnd, Member, PickRequest, PickResult } from "./member.ts";

export interface FleetSettings {
  readonly balancer: BalancerName;
  readonly maxConcurrent: number; // calls of this isolate in flight at one endpoint
  readonly maxLoadFactor: number; // hashing: see BalancerSettings
  readonly slowStartMs: number; // in which an endpoint that has come later grows into its share
  readonly breaker: BreakerPolicy;
}

const SPILLS_PERCENT = 30; // of a part of its priority: where more of it are out, all of the priority is asked

interface FleetEndpoint extends Candidate, Member {
  readonly breaker: LocalBreaker;
  readonly warmAt: number; // epoch ms; until then it gets a part of its share
}

export class Fleet {
  readonly #settings: FleetSettings;
  /** Of all endpoints; what is to be told of them, and what the object says. */
  readonly localBreakers: LocalBreakers;
  /** Pays for sending a refused call on to another endpoint. */
  readonly redirectBudget = new Budget(REDIRECT_BUDGET);
  #shedUntil = 0; // epoch ms: until then some endpoint sheds
  #medianMs = 0;
  #medianAt = Number.NEGATIVE_INFINITY;
  #standing = new Map<string, FleetEndpoint>();
  #standpoint = ANYWHERE;
  #tiers: (LocalityGroup<FleetEndpoint> & { readonly balancer: Balancer })[] = [];

  /** Endpoints that are there from the start are warm. */
  constructor(members: readonly Member[], settings: FleetSettings) {
    this.#settings = settings;
    this.localBreakers = new LocalBreakers(settings.breaker);
    this.replace(members, Number.NEGATIVE_INFINITY);
  }

  get size(): number {
    return this.#standing.size;
  }

  /** Takes a new list of endpoints. What is known of those that stay, stays. */
  replace(members: readonly Member[], now: number): void {
    const warmAt = this.#standing.size === 0 ? now : now + this.#settings.slowStartMs;
    const fresh = (id: string): Omit<FleetEndpoint, keyof Member> => ({ load: new Load(), breaker: this.localBreakers.get(id), warmAt });
    this.#standing = new Map(members.map((member) => [member.id, { ...(this.#standing.get(member.id) ?? fresh(member.id)), ...member }]));
    this.localBreakers.retain(new Set(this.#standing.keys()));
    const awake = [...this.#standing.values()].filter(({ isDraining }) => !isDraining);
    const kind = BALANCERS[this.#settings.balancer];
    this.#tiers = groupsOf(awake, this.#standpoint).map((group) => ({ ...group, balancer: kind.create(group.members, this.#settings) }));
  }

  /** The isolate knows where it is. */
  setLocation(standpoint: IsolateLocation, now: number): void {
    this.#standpoint = standpoint;
    this.replace([...this.#standing.values()], now);
  }

  /**
   * Picks for one attempt: of the first priority that has anybody well, untried and not full; first of all, an endpoint that wants to
   * know whether it is well again. Where nobody is well, health checks are not asked, nor, at last, who was tried: a wrong guess must
   * not close an upstream. Breakers are, as long as they leave somebody out: where all are open, nobody is called.
   */
  pick(wanted: PickRequest): PickResult {
    if (this.#tiers.length === 0) return { kind: "none" };
    const { now, rng, tried } = wanted;
    if (tried.size === 0) this.redirectBudget.earn();
    const { mode, maxOpenPercent } = this.#settings.breaker;
    const isQuiet = this.localBreakers.areAllClosed(now);
    const isHeeded = mode === "enforce" && !isQuiet;
    if (isHeeded) {
      const probed = this.#tiers
        .flatMap(({ members }) => members)
        .find((one) => one.breaker.isDueForProbe(now) && this.#mayTake(one, wanted));
      if (probed !== undefined) return this.#found(probed, wanted, isQuiet);
    }
    const rank = now < this.#shedUntil ? (wanted.rank ?? MOST_CRITICAL) : MOST_CRITICAL;
    const roll = rank === MOST_CRITICAL ? 0 : rng(); // one for all: else a call would only be shed where chance shuts all of them at once
    const growsIn = !BALANCERS[this.#settings.balancer].usesKey; // keys don't wait for an endpoint to warm up
    for (const lenience of [0, 1, 2]) {
      for (const { members, balancer, isSubset } of this.#tiers) {
        const isOpen = isHeeded ? members.map(({ breaker }) => breaker.refuses(now, rng(), wanted.method)) : undefined;
        const isOut = (one: FleetEndpoint, index: number): boolean =>
          isOpen?.[index] === true || (lenience === 0 && one.isHealthy === false);
        const outs = isHeeded || lenience === 0 ? members.filter(isOut).length : 0;
        if (outs === members.length || (isSubset && outs * 100 > SPILLS_PERCENT * members.length)) continue; // the next group first
        const heedsHealth = outs * 100 <= maxOpenPercent * members.length;
        const isFree = (index: number): boolean => {
          const one = members[index]!;
          if (heedsHealth && isOut(one, index)) return false;
          if (rank < MOST_CRITICAL && one.load.refuses(rank, roll, now)) return false;
          if (lenience === 0 && growsIn && one.warmAt > now && rng() >= this.#warmth(one, now)) return false;
          return (lenience === 2 || !tried.has(one.id)) && one.load.inFlight(now) < this.#settings.maxConcurrent;
        };
        const index = balancer.pick({ ...wanted, isEligible: isFree });
        if (index !== -1) return this.#found(members[index]!, wanted, isQuiet);
      }
    }
    const isClosedFor = (one: FleetEndpoint): boolean => isHeeded && one.breaker.refuses(now, 0, wanted.method);
    const all = this.#tiers.flatMap(({ members }) => members);
    if (rank < MOST_CRITICAL && all.some(({ load }) => load.refuses(rank, roll, now))) return { kind: "shed" };
    if (!all.every(isClosedFor)) return { kind: "full" };
    return { kind: "open", retryAfterMs: Math.min(...all.map(({ breaker }) => breaker.retryAfterMs(now))) };
  }

  #mayTake(one: FleetEndpoint, { now, tried }: PickRequest): boolean {
    return one.isHealthy !== false && !tried.has(one.id) && one.load.inFlight(now) < this.#settings.maxConcurrent;
  }

  #found({ id, breaker }: FleetEndpoint, { now, method, tried }: PickRequest, isQuiet: boolean): PickResult {
    const admission = breaker.admit(now, 0, method);
    const isRepeated = tried.has(id);
    if (admission.kind === "admitted") return { kind: "picked", id, admission, isReportedOnly: false, isRepeated };
    return { kind: "picked", id, admission: UNRECORDED, isReportedOnly: !isQuiet && this.#settings.breaker.mode === "report", isRepeated };
  }

  /** Whether every endpoint that takes calls has as many in flight as it may. */
  isFull(now: number): boolean {
    const { maxConcurrent } = this.#settings;
    return this.#tiers.length > 0 && this.#tiers.every(({ members }) => members.every(({ load }) => load.inFlight(now) >= maxConcurrent));
  }

  /**
   * Whether some endpoint takes calls, by its health checks and breaker; unknown where breakers are open, and no call has found out
   * lately whether they still have to be.
   */
  status(now: number): ServingStatus {
    const isHeeded = this.#settings.breaker.mode === "enforce";
    let isUnsure = false;
    for (const { isHealthy, isDraining, breaker } of this.#standing.values()) {
      if (isHealthy === false || isDraining) continue;
      if (!isHeeded || !breaker.refuses(now, 0)) return "serving";
      isUnsure ||= breaker.isStale(now);
    }
    return isUnsure ? "unknown" : "not_serving";
  }

  /** The chance with which an endpoint that is warming up may be looked at, from a tenth on. */
  #warmth({ warmAt }: FleetEndpoint, now: number): number {
    return Math.max(0.1, 1 - (warmAt - now) / this.#settings.slowStartMs);
  }

  /** @param method of the call, hashed */
  begin(id: string, now: number, deadlineAt: number, method = 0): AttemptPermit | undefined {
    const one = this.#standing.get(id);
    return one?.load.begin(now, deadlineAt, this.#balancerOf(one)?.costOf?.(method) ?? 1);
  }

  #balancerOf({ priority, isDraining }: Member): Balancer | undefined {
    return isDraining ? undefined : this.#tiers.findLast(({ members }) => members[0]!.priority === priority)?.balancer;
  }

  /** What an endpoint said of its load, with an answer to the attempt that `permit` is for. */
  report(id: string, report: LoadReport, permit: AttemptPermit, now: number): void {
    this.#standing.get(id)?.load.report(report, now, now - permit.startedAt);
  }

  /** What an endpoint said of the calls it would have shed. @param until epoch ms, when its word is forgotten */
  setShedLevel(id: string, shedLevel: number, until: number): void {
    const load = this.#standing.get(id)?.load;
    if (load === undefined) return;
    load.shedLevel = shedLevel;
    load.shedUntil = shedLevel > 0 ? until : 0;
    if (shedLevel > 0 && until > this.#shedUntil) this.#shedUntil = until;
  }

  /** The level that an endpoint has told, 0 for none. */
  shedLevelOf(id: string, now: number): number {
    const load = this.#standing.get(id)?.load;
    return load !== undefined && now < load.shedUntil ? load.shedLevel : 0;
  }

  /**
   * What the endpoints say that one call more would take, in the middle, ms. Looked up ten times a second.
   *
   * @returns 0 where too few say anything, calls were refused too often, or keys have to stay where they are, whatever the load:
   *   a call that is told 0 is not refused
   */
  medianMs(now: number): number {
    const { balancer, maxLoadFactor } = this.#settings;
    const isBound = BALANCERS[balancer].usesKey && maxLoadFactor === Number.POSITIVE_INFINITY;
    if (isBound || this.redirectBudget.isSpent(now)) return 0;
    if (now - this.#medianAt >= 100 || now < this.#medianAt) {
      this.#medianAt = now;
      this.#medianMs = this.#standing.size < 2 ? 0 : medianOf([...this.#standing.values()].map(({ load }) => load.reportedMs));
    }
    return this.#medianMs;
  }

  /** An attempt that says nothing of its endpoint: its caller went away. */
  drop(id: string, { permit, admission }: AttemptEnd): void {
    const one = this.#standing.get(id);
    one?.load.drop(permit);
    one?.breaker.discard(admission);
  }

  succeeded(id: string, end: AttemptEnd): void {
    const { permit, now, method = 0 } = end;
    const one = this.#standing.get(id);
    const unitMs = one?.load.averageMs ?? 0;
    if (one === undefined || !one.load.end(permit, now, now - permit.startedAt)) return;
    if (unitMs > 0) {
      const units = Math.max(1, now - permit.startedAt) / unitMs;
      for (const { members, balancer } of this.#tiers) if (members[0]!.priority === one.priority) balancer.learn?.(method, units);
    }
    this.#record(one, end, "succeeded");
  }

  /**
   * @param scoreMs   what the failure counts as: as long as a call may take, or failing fast would look like being fast
   * @param isEvident false where it speaks of the call as much as of the endpoint: its caller gave it very little time
   */
  failed(id: string, end: AttemptEnd, scoreMs: number, isEvident: boolean): void {
    const { permit, now, admission, isRepeated = false } = end;
    const one = this.#standing.get(id);
    if (one === undefined || !one.load.end(permit, now, Math.max(scoreMs, now - permit.startedAt))) return;
    one.load.distrustReport();
    if (isEvident && (!isRepeated || admission.probe !== undefined)) this.#record(one, end, "failed");
    else one.breaker.discard(admission);
  }

  /** A stream that had begun broke off: its attempt has counted as a success, and counts as a failure now. */
  streamBroke(id: string, admission: Admitted, now: number, roll: number): void {
    const one = this.#standing.get(id);
    if (one === undefined || this.#settings.breaker.mode === "off" || admission === UNRECORDED) return;
    one.load.distrustReport();
    one.breaker.recordBrokenStream(admission, now, roll);
    this.localBreakers.update(one.breaker, now);
  }

  #record({ breaker }: FleetEndpoint, { admission, permit, now, random, method }: AttemptEnd, outcome: "succeeded" | "failed"): void {
    if (this.#settings.breaker.mode === "off" || admission === UNRECORDED) return;
    breaker.record(admission, outcome, now - permit.startedAt, now, random, method);
    this.localBreakers.update(breaker, now);
  }
}
