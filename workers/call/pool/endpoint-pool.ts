// The endpoints of one service: picks one for each attempt, by health, breakers, load and key. Used by the gateway and by clients.
import { BALANCERS } from "../../../core/balance/balancers.ts";
import type { FleetSettings } from "../../../core/balance/endpoint-groups.ts";
import type { EndpointStates } from "../../../core/balance/endpoint-states.ts";
import { Fleet } from "../../../core/balance/fleet.ts";
import type { Member } from "../../../core/balance/member.ts";
import type { PickResult } from "../../../core/balance/pick-request.ts";
import type { Budget } from "../../../core/budget.ts";
import type { ThrottlePolicy } from "../../../core/config/overload.ts";
import { hash32 } from "../../../core/hash.ts";
import type { Throttle } from "../../../core/overload/throttle.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { HedgeState } from "../../../core/retry/hedge-state.ts";
import type { CallAttempt } from "../call-attempt.ts";
import type { Destination } from "../destination.ts";
import type { OutboundCall } from "../outbound-call.ts";
import type { EndpointAttempt } from "../endpoint-attempt.ts";
import type { AttemptTarget, Preparation } from "../target.ts";
import { PoolAttempt, type PoolParts } from "./attempt.ts";
import type { Decider } from "./decider.ts";
import type { HashKey, PoolHooks } from "./pool-hooks.ts";
import { UpstreamThrottle } from "./throttle.ts";
import { WaitingCalls } from "./waiting-calls.ts";

export interface EndpointPoolSettings {
  readonly name: string; // shown in messages and logs
  readonly fleet: FleetSettings;
  readonly throttle: ThrottlePolicy;
  readonly maxQueued: number; // calls that may wait while every endpoint is full
  readonly queueMs: number; // longest wait of such a call
  readonly needsLocation: boolean; // endpoints are chosen by the isolate's location, once a call has shown it
}

/** What a pool learns. */
export interface LearnedOfEndpoints {
  readonly states: EndpointStates;
  readonly retryBudget: Budget;
  readonly hedging: HedgeState;
  readonly throttle: Throttle;
}

type Picked = PickResult & { readonly kind: "picked" };

const NO_KEY: HashKey = { text: "" };

export class EndpointPool<C extends OutboundCall> implements AttemptTarget<C> {
  readonly name: string;
  readonly usesKey: boolean; // whether its balancer hashes
  readonly parts: PoolParts<C>;
  readonly #settings: EndpointPoolSettings;
  readonly #hooks: PoolHooks<C>;
  readonly #breakers: Decider<C> | undefined; // undefined where they are off
  readonly #destinations: ReadonlyMap<string, Destination>; // keyed by id
  #needsLocation: boolean; // until a call has shown it

  /** @param destinations by the ids of `members`; their owner may change the map, together with `replace` @param now epoch ms */
  constructor(
    settings: EndpointPoolSettings,
    members: readonly Member[],
    destinations: ReadonlyMap<string, Destination>,
    learned: LearnedOfEndpoints,
    hooks: PoolHooks<C>,
    now: number,
  ) {
    const { name, fleet: fleetSettings, throttle, maxQueued, queueMs } = settings;
    const { breaker, balancer } = fleetSettings;
    this.name = name;
    this.usesKey = BALANCERS[balancer].usesKey;
    this.#settings = settings;
    this.#hooks = hooks;
    this.#breakers = breaker.mode === "off" ? undefined : hooks.decider("breaker", name, breaker);
    this.#destinations = destinations;
    this.#needsLocation = settings.needsLocation;
    const fleet = new Fleet(members, fleetSettings, learned.states, now);
    this.parts = {
      fleet,
      throttle: new UpstreamThrottle(name, throttle, fleet, hooks, learned.throttle),
      waiting: new WaitingCalls(maxQueued, queueMs),
      hooks,
    };
  }

  prepare(call: C, attempt: CallAttempt): Preparation | undefined {
    if (this.#settings.maxQueued === 0) return undefined;
    const now = Date.now();
    const { fleet, waiting } = this.parts;
    return fleet.isFull(now) ? waiting.wait(attempt.deadlineAt, call.rank, now) : undefined;
  }

  pick(call: C, attempt: CallAttempt): EndpointAttempt {
    const { fleet, throttle } = this.parts;
    const now = Date.now();
    const method = hash32(call.outgoing.path);
    if (this.#needsLocation) this.#locate(call, now);
    const { text, cookie } = this.usesKey ? this.#hooks.keyOf(call) : NO_KEY;
    const mayRedirectShed = throttle.countCall(call, now);
    throttle.admit(call, now);
    const { tried } = attempt;
    const isReported = this.#breakers?.isEnforcedFor(call) === false;
    const picked = fleet.pick({ method, key: hash32(text), now, rng: Math.random, tried, isReported, rank: throttle.rankOf(call) });
    if (picked.kind === "shed") return throttle.shed(call, now);
    if (picked.kind === "open") {
      this.#breakers?.refused(call);
      throw new Rejected({ kind: "breaker_open", upstream: this.name, retryAfterMs: picked.retryAfterMs });
    }
    if (picked.kind !== "picked") throw new Rejected({ kind: "no_endpoint", upstream: this.name, isFull: picked.kind === "full" });
    const { id } = picked;
    if (picked.isReportedOnly) this.#breakers?.reported(call, `breakers of all endpoints are open; the call goes to ${id}`);
    else this.#breakers?.allowed(call);
    throttle.countSent(call, id, now);
    call.trace?.note("dispatch", { endpoint: id, ...this.#numbers(id, picked, attempt, now) });
    tried.add(id);
    const destination = this.#destinations.get(id)!; // the fleet has no other endpoints
    return new PoolAttempt(this.parts, call, attempt, { picked, destination, cookie, method, mayRedirectShed, now });
  }

  /** What the choice of an endpoint was judged by, for traces. */
  #numbers(id: string, { admission, isReportedOnly, isRepeated }: Picked, { number, tried, deadlineAt }: CallAttempt, now: number) {
    const { balancer, maxConcurrent, breaker } = this.#settings.fleet;
    return {
      attempt: number,
      "upstream.balancer": balancer,
      "upstream.maxConcurrent": maxConcurrent,
      "breaker.mode": breaker.mode,
      breaker: admission.probe !== undefined ? "probe" : isReportedOnly ? "open, reported" : "closed",
      inFlight: this.parts.fleet.inFlight(id, now),
      tried: tried.size,
      isRepeated,
      leftMs: Math.max(0, deadlineAt - now),
    };
  }

  #locate(call: C, now: number): void {
    const location = this.#hooks.locationOf(call);
    if (location === undefined) return;
    this.#needsLocation = false;
    this.parts.fleet.setLocation(location, now);
  }
}
