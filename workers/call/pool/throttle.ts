// Protects an overloaded upstream: refuses calls that it would refuse, honors the shed levels of its hosts, and bounds redirects.

import type { Fleet } from "../../../core/balance/fleet.ts";
import { Budget } from "../../../core/budget.ts";
import type { ThrottlePolicy } from "../../../core/config/overload.ts";
import { CRITICAL, CRITICALITIES, MOST_CRITICAL, type Rank } from "../../../core/overload/criticality.ts";
import { PROMOTION_BUDGET } from "../../../core/overload/redirect.ts";
import { isShedAt } from "../../../core/overload/shed-level.ts";
import { Throttle } from "../../../core/overload/throttle.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { AttemptOutcome } from "../../../core/retry/attempt-outcome.ts";
import type { OutboundCall } from "../outbound-call.ts";
import { retryAfterMs } from "../retry-after.ts";
import type { Decider } from "./decider.ts";
import type { PoolHooks } from "./pool-hooks.ts";

const SHED_LEVEL_MS = 1_000; // a shed level that a host reports holds for this long

export class UpstreamThrottle<C extends OutboundCall> {
  readonly #name: string;
  readonly #policy: ThrottlePolicy;
  readonly #fleet: Fleet;
  readonly #throttle: Throttle;
  readonly #promotions = new Budget(PROMOTION_BUDGET); // pays for marking a redirected critical call as critical_plus
  readonly #hooks: PoolHooks<C>;
  readonly #admission: Decider<C>; // decides about calls to an upstream that refuses most of them
  readonly #honor: Decider<C>; // decides by the shed levels of hosts

  /** @param name of the upstream, as messages and logs show it @param throttle what this isolate has seen of the upstream's refusals */
  constructor(name: string, policy: ThrottlePolicy, fleet: Fleet, hooks: PoolHooks<C>, throttle = new Throttle(policy)) {
    this.#name = name;
    this.#policy = policy;
    this.#fleet = fleet;
    this.#throttle = throttle;
    this.#hooks = hooks;
    this.#admission = hooks.decider("throttle", name, policy);
    this.#honor = hooks.decider("shed_level", name, { mode: policy.honor, percent: policy.percent });
  }

  /** The rank by which the fleet keeps a call from endpoints that shed it: the highest one where shed levels are not enforced. */
  rankOf(call: C): Rank {
    return this.#honor.isEnforcedFor(call) ? call.rank : MOST_CRITICAL;
  }

  /** @throws Rejected for a call that is not sent, because the upstream refuses most calls */
  admit(call: C, now: number): void {
    if (this.#policy.mode === "off") return;
    const isEnforced = this.#admission.isEnforcedFor(call);
    const reason = "the upstream refuses most calls";
    if (!this.#throttle.refuses(call.rank, now, Math.random(), !isEnforced)) this.#admission.allowed(call);
    else if (this.#admission.refuses(call, reason)) this.#shed(call, "throttle", `throttle ${this.#name}`, reason, now);
  }

  /** @throws Rejected for a call that every endpoint would shed */
  shed(call: C, now: number): never {
    this.#honor.refused(call);
    this.#shed(call, "upstream", `upstream ${this.#name}`, reasonFor(call.rank), now);
  }

  /** Counts a call that is sent to an endpoint, which would shed it where shed levels are only reported for its caller. */
  countSent(call: C, endpoint: string, now: number): void {
    if (this.#policy.honor === "off") return;
    const isReported = !this.#honor.isEnforcedFor(call) && isShedAt(this.#fleet.shedLevelOf(endpoint, now), call.rank, Math.random());
    if (isReported) this.#honor.reported(call, reasonFor(call.rank));
    else this.#honor.allowed(call);
  }

  /** Counts an attempt that is about to be made. @returns whether it may be redirected if its endpoint sheds it */
  countCall({ rank }: C, now: number): boolean {
    if (rank < CRITICAL) return !this.#fleet.redirectBudget.isSpent(now);
    this.#promotions.earn();
    return !this.#promotions.isSpent(now);
  }

  /**
   * A refused call is sent to another endpoint; the budget for that was checked before.
   *
   * @param isHot a host redirect; false: the endpoint sheds load
   * @returns whether the call is marked as critical_plus there: a second refusal would be the last one of a critical call
   */
  redirect({ rank }: C, isHot: boolean, now: number): boolean {
    if (isHot || rank < CRITICAL) this.#fleet.redirectBudget.charge();
    return rank >= CRITICAL && this.#promotions.take(now) && rank === CRITICAL;
  }

  recordShedLevel(endpoint: string, shedLevel: number, now: number): void {
    if (this.#policy.honor !== "off") this.#fleet.setShedLevel(endpoint, shedLevel, now + SHED_LEVEL_MS);
  }

  record(call: C, outcome: AttemptOutcome, now: number): void {
    if (outcome === "redirected" || outcome === "dropped" || this.#policy.mode === "off") return;
    this.#throttle.record(call.rank, outcome === "responded" || outcome === "failed", now);
  }

  #shed(call: C, limit: "throttle" | "upstream", point: string, reason: string, now: number): never {
    this.#hooks.shed(call, point, reason, now);
    throw new Rejected({ kind: "overloaded", limit, point, reason, retryAfterMs: retryAfterMs() });
  }
}

function reasonFor(rank: Rank): string {
  return `the upstream sheds ${CRITICALITIES[rank]} calls`;
}
