// The endpoints of one upstream as one isolate knows them: who may be picked, by priority and health, and who is.
import type { Balancer, Candidate, Question } from "./balancer.ts";
import { BALANCERS, type BalancerName } from "./balancers.ts";
import { medianOf } from "./bounce.ts";
import { type Lease, Load } from "./load.ts";

/** An endpoint as it is configured or registered. */
export interface Member {
  readonly id: string;
  readonly weight: number; // [1, 1000]
  readonly priority: number; // from 0; the next number takes over where nobody of this one is left
  readonly isDraining: boolean; // gets no new calls
  readonly isHealthy?: boolean; // false: its health checks fail; it is picked only where nobody is well
}

export interface FleetSettings {
  readonly balancer: BalancerName;
  readonly maxConcurrent: number; // calls of this isolate in flight at one endpoint
  readonly maxLoadFactor: number; // hashing: see BalancerSettings
  readonly slots: number;
  readonly slowStartMs: number; // in which an endpoint that has come later grows into its share
}

/** What is asked for an attempt. */
export type Wanted = Pick<Question, "key" | "now" | "dice" | "method"> & { readonly tried: ReadonlySet<string> };

export type Found =
  | { readonly kind: "found"; readonly id: string }
  | { readonly kind: "none" } // no endpoints, or all of them drain
  | { readonly kind: "full" }; // each has as many calls in flight as it may

const EJECT_AFTER = 5; // failures in a row
const EJECT_FOR_MS = 10_000; // times how often, in short succession
const EJECT_AT_MOST_MS = 300_000;

interface Standing extends Candidate, Member {
  failures: number; // in a row
  ejections: number;
  ejectedUntil: number; // epoch ms
  readonly warmAt: number; // epoch ms; until then it gets a part of its share
}

export class Fleet {
  readonly #settings: FleetSettings;
  #medianMs = 0;
  #medianAt = Number.NEGATIVE_INFINITY;
  #standing = new Map<string, Standing>();
  #tiers: { readonly members: readonly Standing[]; readonly balancer: Balancer }[] = [];

  /** Endpoints that are there from the start are warm. */
  constructor(members: readonly Member[], settings: FleetSettings) {
    this.#settings = settings;
    this.replace(members, Number.NEGATIVE_INFINITY);
  }

  get size(): number {
    return this.#standing.size;
  }

  /** Takes a new list of endpoints. What is known of those that stay, stays. */
  replace(members: readonly Member[], now: number): void {
    const warmAt = this.#standing.size === 0 ? now : now + this.#settings.slowStartMs;
    const fresh = (): Omit<Standing, keyof Member> => ({ load: new Load(), failures: 0, ejections: 0, ejectedUntil: 0, warmAt });
    this.#standing = new Map(members.map((member) => [member.id, { ...(this.#standing.get(member.id) ?? fresh()), ...member }]));
    const awake = [...this.#standing.values()].filter(({ isDraining }) => !isDraining);
    const priorities = [...new Set(awake.map(({ priority }) => priority))].sort((a, b) => a - b);
    const kind = BALANCERS[this.#settings.balancer];
    this.#tiers = priorities.map((priority) => {
      const members = awake.filter((one) => one.priority === priority);
      return { members, balancer: kind.create(members, this.#settings) };
    });
  }

  /**
   * Picks for one attempt: of the first priority that has anybody healthy, untried and not full.
   * Where there is nobody healthy, health is not asked: a wrong guess must not close an upstream (panic). Nor, at last, who was tried.
   */
  pick(wanted: Wanted): Found {
    if (this.#tiers.length === 0) return { kind: "none" };
    const { now } = wanted;
    const growsIn = !BALANCERS[this.#settings.balancer].goesByKey; // keys don't wait for an endpoint to warm up
    for (const lenience of [0, 1, 2]) {
      for (const { members, balancer } of this.#tiers) {
        const isOut = (one: Standing): boolean => one.ejectedUntil > now || one.isHealthy === false;
        const heedsHealth = lenience === 0 && members.filter(isOut).length * 2 <= members.length;
        const isOpen = (index: number): boolean => {
          const one = members[index]!;
          if (heedsHealth && isOut(one)) return false;
          if (lenience === 0 && growsIn && one.warmAt > now && wanted.dice() >= this.#warmth(one, now)) return false;
          if (lenience < 2 && wanted.tried.has(one.id)) return false;
          return one.load.inFlight(now) < this.#settings.maxConcurrent;
        };
        if (lenience === 0 && !heedsHealth && members.every(isOut)) continue; // the next priority first
        const index = balancer.pick({ ...wanted, isOpen });
        if (index !== -1) return { kind: "found", id: members[index]!.id };
      }
    }
    return { kind: "full" };
  }

  /** Whether every endpoint that takes calls has as many in flight as it may. */
  isFull(now: number): boolean {
    const { maxConcurrent } = this.#settings;
    return this.#tiers.length > 0 && this.#tiers.every(({ members }) => members.every(({ load }) => load.inFlight(now) >= maxConcurrent));
  }

  /** The chance with which an endpoint that is warming up may be looked at, from a tenth on. */
  #warmth({ warmAt }: Standing, now: number): number {
    return Math.max(0.1, 1 - (warmAt - now) / this.#settings.slowStartMs);
  }

  /** @param method of the call, hashed */
  begin(id: string, now: number, deadlineAt: number, method = 0): Lease | undefined {
    const one = this.#standing.get(id);
    return one?.load.begin(now, deadlineAt, this.#balancerOf(one)?.costOf?.(method) ?? 1);
  }

  #balancerOf({ priority, isDraining }: Member): Balancer | undefined {
    return isDraining ? undefined : this.#tiers.find(({ members }) => members[0]!.priority === priority)?.balancer;
  }

  /** What an endpoint said of its load. @param predictedMs what one call more would take there */
  report(id: string, predictedMs: number): void {
    const one = this.#standing.get(id);
    if (one !== undefined) one.load.reportedMs = predictedMs;
  }

  /** What the endpoints say that one call more would take, in the middle, ms; 0 where too few say anything. Looked up ten times a second. */
  medianMs(now: number): number {
    if (now - this.#medianAt >= 100 || now < this.#medianAt) {
      this.#medianAt = now;
      this.#medianMs = this.#standing.size < 2 ? 0 : medianOf([...this.#standing.values()].map(({ load }) => load.reportedMs));
    }
    return this.#medianMs;
  }

  /** An attempt that says nothing of its endpoint: its caller went away. */
  drop(id: string, lease: Lease): void {
    this.#standing.get(id)?.load.drop(lease);
  }

  /** @param method of the call, hashed */
  succeeded(id: string, lease: Lease, now: number, method = 0): void {
    const one = this.#standing.get(id);
    const unitMs = one?.load.averageMs ?? 0;
    if (one === undefined || !one.load.end(lease, now, now - lease.startedAt)) return;
    if (unitMs > 0) this.#balancerOf(one)?.learn?.(method, Math.max(1, now - lease.startedAt) / unitMs);
    one.failures = 0;
    if (one.ejectedUntil + EJECT_AT_MOST_MS < now) one.ejections = 0;
  }

  /** @param scoreMs what the failure counts as: as long as a call may take, or failing fast would look like being fast */
  failed(id: string, lease: Lease, now: number, scoreMs: number): void {
    const one = this.#standing.get(id);
    if (one === undefined || !one.load.end(lease, now, Math.max(scoreMs, now - lease.startedAt))) return;
    one.failures += 1;
    if (one.failures < EJECT_AFTER) return;
    one.failures = 0;
    one.ejections += 1;
    one.ejectedUntil = now + Math.min(EJECT_FOR_MS * one.ejections, EJECT_AT_MOST_MS);
  }
}
