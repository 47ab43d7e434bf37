// The endpoints of one upstream as one isolate knows them: which one an attempt goes to, by priority, health and breaker.
import { type Admitted, UNRECORDED } from "../breaker/admission.ts";
import { LocalBreakers } from "../breaker/local-breakers.ts";
import { shownBreaker } from "../breaker/shown-breaker.ts";
import { Budget } from "../budget.ts";
import { MOST_CRITICAL } from "../overload/criticality.ts";
import { medianOf, REDIRECT_BUDGET } from "../overload/redirect.ts";
import { BALANCERS } from "./balancers.ts";
import { EndpointGroups, type FleetEndpoint, type FleetSettings } from "./endpoint-groups.ts";
import { EndpointStates } from "./endpoint-states.ts";
import type { EndpointView } from "./endpoint-view.ts";
import type { AttemptPermit, LoadReport } from "./load.ts";
import { ANYWHERE, type IsolateLocation } from "./locality.ts";
import type { Member, ServingStatus } from "./member.ts";
import type { PickRequest, PickResult } from "./pick-request.ts";

/** Facts about the end of an attempt, beside its outcome. */
export interface AttemptEnd {
  readonly permit: AttemptPermit;
  readonly admission: Admitted;
  readonly now: number; // epoch ms
  readonly random: number; // in [0, 1)
  readonly method?: number; // hash of the method
  readonly isRepeated?: boolean; // several attempts of one call at one endpoint count as one failure
}

const MEDIAN_MAX_AGE_MS = 100;

export class Fleet {
  readonly #settings: FleetSettings;
  readonly #states: EndpointStates;
  /** The breakers of all endpoints: what they report, and the shared state they follow. */
  readonly localBreakers: LocalBreakers;
  /** Pays for sending a refused call on to another endpoint. */
  readonly redirectBudget = new Budget(REDIRECT_BUDGET);
  #endpoints = new Map<string, FleetEndpoint>();
  #groups: EndpointGroups;
  #location = ANYWHERE;
  #shedUntil = 0; // epoch ms; until then at least one endpoint has a shed level
  #medianMs = 0;
  #medianAt = Number.NEGATIVE_INFINITY; // epoch ms

  /**
   * Endpoints of the first list have no slow start.
   *
   * @param states what other settings of the upstream have learned; to those, endpoints of this list may be new
   * @param now    epoch ms; read where there are other settings
   */
  constructor(members: readonly Member[], settings: FleetSettings, states = new EndpointStates(), now = Number.NEGATIVE_INFINITY) {
    this.#settings = settings;
    this.#states = states;
    this.localBreakers = new LocalBreakers(settings.breaker, states);
    this.#groups = new EndpointGroups([], this.#location, settings);
    this.#replace(members, states.size === 0 ? Number.NEGATIVE_INFINITY : now + settings.slowStartMs);
  }

  get size(): number {
    return this.#endpoints.size;
  }

  /** Takes a new list of endpoints. Those that stay keep their load and their breaker. */
  replace(members: readonly Member[], now: number): void {
    this.#replace(members, this.#endpoints.size === 0 ? now : now + this.#settings.slowStartMs);
  }

  /** No call is sent to it any more. */
  end(): void {
    this.#states.release(this);
  }

  #replace(members: readonly Member[], warmAt: number): void {
    const endpoints = members.map((member): [string, FleetEndpoint] => {
      const { id } = member;
      const { load, warmAt: ownWarmAt } = this.#states.get(id, warmAt);
      return [id, { load, warmAt: ownWarmAt, breaker: this.localBreakers.get(id), ...member }];
    });
    this.#endpoints = new Map(endpoints);
    const ids = new Set(this.#endpoints.keys());
    this.localBreakers.retain(ids);
    this.#states.retain(this, ids);
    this.#groups = new EndpointGroups(this.#endpoints.values(), this.#location, this.#settings);
  }

  /** Regroups the endpoints for the isolate's location, which is known with its first call. */
  setLocation(location: IsolateLocation, now: number): void {
    this.#location = location;
    this.replace([...this.#endpoints.values()], now);
  }

  /**
   * Picks an endpoint for one attempt: first one that is due for a breaker probe, then as `EndpointGroups.pick` does. A call is refused
   * for breakers only if all of them are open.
   */
  pick(request: PickRequest): PickResult {
    if (this.#groups.isEmpty) return { kind: "none" };
    const { now, tried } = request;
    if (tried.size === 0) this.redirectBudget.earn();
    const areAllClosed = this.localBreakers.areAllClosed(now);
    const { mode } = this.#settings.breaker;
    const honorsBreakers = mode === "enforce" && request.isReported !== true && !areAllClosed;
    if (honorsBreakers) {
      const due = this.#groups.dueForProbe(request, this.localBreakers.suspects);
      if (due !== undefined) return this.#admit(due, request, true);
    }
    const rank = now < this.#shedUntil ? (request.rank ?? MOST_CRITICAL) : MOST_CRITICAL;
    // One number for all endpoints: with one each, a call would only be shed where chance closes all of them at once.
    const random = rank === MOST_CRITICAL ? 0 : request.rng();
    const endpoint = this.#groups.pick(request, rank, random, honorsBreakers ? this.localBreakers.suspects : undefined);
    if (endpoint === undefined) return this.#groups.refusal(request, rank, random, honorsBreakers);
    return this.#admit(endpoint, request, honorsBreakers || areAllClosed || mode === "off");
  }

  #admit({ id, breaker }: FleetEndpoint, request: PickRequest, isDecided: boolean): PickResult {
    const admission = breaker.admit(request.now, 0, request.method);
    const isRepeated = request.tried.has(id);
    if (admission.kind === "admitted") return { kind: "picked", id, admission, isReportedOnly: false, isRepeated };
    // Where breakers are honored, a call is refused only if all are open and none of them wants a probe.
    const isReportedOnly =
      !isDecided && this.#groups.areAllOpen(request) && this.#groups.dueForProbe(request, this.localBreakers.suspects) === undefined;
    return { kind: "picked", id, admission: UNRECORDED, isReportedOnly, isRepeated };
  }

  /** Attempts in flight at an endpoint; 0 where it has left. */
  inFlight(id: string, now: number): number {
    return this.#endpoints.get(id)?.load.inFlight(now) ?? 0;
  }

  /** The endpoints as this isolate sees them, in the order of the list. */
  view(now: number): EndpointView[] {
    const shares = this.#groups.shares();
    return [...this.#endpoints.values()].map(({ id, weight, priority, zone, isDraining, isHealthy, load, breaker }) => {
      const state = {
        inFlight: load.inFlight(now),
        latencyMs: load.averageMs,
        keyShare: shares.get(id) ?? 0,
        breaker: shownBreaker(breaker.state, now),
      };
      return { id, weight, priority, zone: zone ?? "", isDraining, isHealthy: isHealthy !== false, ...state };
    });
  }

  /** Whether every endpoint has its maximum of calls in flight. */
  isFull(now: number): boolean {
    return this.#groups.isFull(now);
  }

  /**
   * Whether some endpoint takes calls, by its health checks and breaker. It is unknown where breakers are open on old evidence: no call
   * has shown lately that they still have to be.
   */
  status(now: number): ServingStatus {
    const honorsBreakers = this.#settings.breaker.mode === "enforce";
    let isStale = false;
    for (const { isHealthy, isDraining, breaker } of this.#endpoints.values()) {
      if (isHealthy === false || isDraining) continue;
      if (!honorsBreakers || !breaker.refuses(now, 0)) return "serving";
      isStale ||= breaker.isStale(now);
    }
    return isStale ? "unknown" : "not_serving";
  }

  /** Counts an attempt in. @param method hash of the method @returns undefined where the endpoint has left */
  begin(id: string, now: number, deadlineAt: number, method = 0): AttemptPermit | undefined {
    const endpoint = this.#endpoints.get(id);
    return endpoint?.load.begin(now, deadlineAt, this.#groups.costOf(endpoint, method));
  }

  /** Takes the load report that came with the response to the attempt that has `permit`. */
  report(id: string, report: LoadReport, permit: AttemptPermit, now: number): void {
    this.#endpoints.get(id)?.load.report(report, now, now - permit.startedAt);
  }

  /** Takes the level up to which an endpoint wants calls to be shed. @param until epoch ms, the end of its validity */
  setShedLevel(id: string, shedLevel: number, until: number): void {
    const load = this.#endpoints.get(id)?.load;
    if (load === undefined) return;
    load.shedLevel = shedLevel;
    load.shedUntil = shedLevel > 0 ? until : 0;
    if (shedLevel > 0 && until > this.#shedUntil) this.#shedUntil = until;
  }

  /** The valid shed level of an endpoint, 0 for none. */
  shedLevelOf(id: string, now: number): number {
    const load = this.#endpoints.get(id)?.load;
    return load !== undefined && now < load.shedUntil ? load.shedLevel : 0;
  }

  /**
   * The median of the endpoints' predictions for one more call, ms; computed at most ten times a second.
   *
   * @returns 0 where an endpoint may not refuse the call: too few endpoints report, the redirect budget is spent, or keys have to stay at
   *   their endpoints whatever the load
   */
  medianMs(now: number): number {
    const { balancer, maxLoadFactor } = this.#settings;
    const isKeyFixed = BALANCERS[balancer].usesKey && maxLoadFactor === Number.POSITIVE_INFINITY;
    if (isKeyFixed || this.redirectBudget.isSpent(now)) return 0;
    if (now - this.#medianAt >= MEDIAN_MAX_AGE_MS || now < this.#medianAt) {
      this.#medianAt = now;
      this.#medianMs = this.#endpoints.size < 2 ? 0 : medianOf([...this.#endpoints.values()].map(({ load }) => load.reportedMs));
    }
    return this.#medianMs;
  }

  /** Ends an attempt that says nothing about its endpoint: its caller went away, or it was refused before any work. */
  drop(id: string, { permit, admission }: AttemptEnd): void {
    const endpoint = this.#endpoints.get(id);
    endpoint?.load.drop(permit);
    endpoint?.breaker.discard(admission);
  }

  succeeded(id: string, end: AttemptEnd): void {
    const { permit, now, method = 0 } = end;
    const endpoint = this.#endpoints.get(id);
    const unitMs = endpoint?.load.averageMs ?? 0;
    if (endpoint === undefined || !endpoint.load.end(permit, now, now - permit.startedAt)) return;
    if (unitMs > 0) this.#groups.learn(endpoint, method, Math.max(1, now - permit.startedAt) / unitMs);
    this.#record(endpoint, end, "succeeded");
  }

  /**
   * @param scoreMs    response time that the failure counts as: what a call may take, or failing fast would look like being fast
   * @param isEvidence false where the failure may be the call's own: its caller gave it very little time
   */
  failed(id: string, end: AttemptEnd, scoreMs: number, isEvidence: boolean): void {
    const { permit, now, admission, isRepeated = false } = end;
    const endpoint = this.#endpoints.get(id);
    if (endpoint === undefined || !endpoint.load.end(permit, now, Math.max(scoreMs, now - permit.startedAt))) return;
    endpoint.load.distrustReport();
    if (isEvidence && (!isRepeated || admission.probe !== undefined)) this.#record(endpoint, end, "failed");
    else endpoint.breaker.discard(admission);
  }

  /** Turns a success into a failure: a stream had begun, counted as a success, and broke off. */
  streamBroke(id: string, admission: Admitted, now: number, random: number): void {
    const endpoint = this.#endpoints.get(id);
    if (endpoint === undefined) return;
    endpoint.load.distrustReport(); // whether a breaker learns of it or not
    if (this.#settings.breaker.mode === "off" || admission === UNRECORDED) return;
    endpoint.breaker.recordBrokenStream(admission, now, random);
    this.localBreakers.update(id, now);
  }

  #record({ id, breaker }: FleetEndpoint, { admission, permit, now, random, method }: AttemptEnd, outcome: "succeeded" | "failed"): void {
    if (this.#settings.breaker.mode === "off" || admission === UNRECORDED) return;
    breaker.record(admission, outcome, now - permit.startedAt, now, random, method);
    this.localBreakers.update(id, now);
  }
}
