// What an isolate keeps from an upstream that has too much to do: calls it turns away, calls its hosts would have shed, and bounces.

import type { Fleet } from "../../../core/balance/fleet.ts";
import { Budget } from "../../../core/budget.ts";
import type { ThrottlePolicy } from "../../../core/config/overload.ts";
import { CRITICAL, CRITICALITIES, MOST_CRITICAL, type Rank } from "../../../core/overload/criticality.ts";
import { PROMOTION_BUDGET } from "../../../core/overload/redirect.ts";
import { isShedAt } from "../../../core/overload/shed-level.ts";
import { Throttle } from "../../../core/overload/throttle.ts";
import { Rejected } from "../../../core/rejection.ts";
import { shedLog } from "../../shed-log.ts";
import type { Call } from "../call.ts";
import { retryAfterMs } from "./retry-after.ts";
import type { AttemptOutcome } from "./upstream.ts";

const HEEDED_MS = 1_000; // a host's word on what to shed

export class UpstreamThrottle {
  readonly #name: string;
  readonly #policy: ThrottlePolicy;
  readonly #fleet: Fleet;
  readonly #throttle: Throttle;
  readonly #promotions = new Budget(PROMOTION_BUDGET); // pays for sending a refused critical call on as critical_plus
  readonly #log = shedLog();

  constructor(name: string, policy: ThrottlePolicy, fleet: Fleet) {
    this.#name = name;
    this.#policy = policy;
    this.#fleet = fleet;
    this.#throttle = new Throttle(policy);
  }

  /** What the fleet is to be asked with: the most critical is kept from no endpoint on its word. */
  rankOf(call: Call): Rank {
    return this.#policy.honor === "enforce" ? call.rank : MOST_CRITICAL;
  }

  /** @throws Rejected for a call that is not to be sent at all */
  hold(call: Call, now: number): void {
    const { mode } = this.#policy;
    if (mode === "off" || !this.#throttle.refuses(call.rank, now, Math.random())) return;
    this.#shed(call, `throttle ${this.#name}`, "most calls to the upstream are turned away", mode === "enforce", now);
  }

  /** @throws Rejected for a call that every endpoint would have shed */
  shed(call: Call, now: number): never {
    const why = `the upstream sheds ${CRITICALITIES[call.rank]} calls`;
    this.#shed(call, `upstream ${this.#name}`, why, true, now);
    throw new Error("unreachable");
  }

  /** Tells of a call that goes to an endpoint against its word, where words are only reported. */
  look(call: Call, endpoint: string, now: number): void {
    if (this.#policy.honor !== "report") return;
    const { rank } = call;
    if (!isShedAt(this.#fleet.shedLevelOf(endpoint, now), rank, Math.random())) return;
    this.#shed(call, `upstream ${this.#name}`, `the upstream sheds ${CRITICALITIES[rank]} calls`, false, now);
  }

  /** A call is to be sent. @returns whether it goes elsewhere where it is turned away */
  called({ rank }: Call, now: number): boolean {
    if (rank < CRITICAL) return !this.#fleet.redirectBudget.isSpent(now);
    this.#promotions.earn();
    return !this.#promotions.isSpent(now);
  }

  /**
   * A call goes elsewhere, for which there was room in the allowance of its kind.
   *
   * @returns whether it is told there as the most critical one: a critical call's second refusal would be its last
   */
  elsewhere({ rank }: Call, wasBounced: boolean, now: number): boolean {
    if (wasBounced || rank < CRITICAL) this.#fleet.redirectBudget.charge();
    return rank >= CRITICAL && this.#promotions.take(now) && rank === CRITICAL;
  }

  heard(endpoint: string, shedLevel: number, now: number): void {
    if (this.#policy.honor !== "off") this.#fleet.setShedLevel(endpoint, shedLevel, now + HEEDED_MS);
  }

  ended(call: Call, outcome: AttemptOutcome, now: number): void {
    if (outcome === "bounced" || outcome === "dropped" || this.#policy.mode === "off") return;
    this.#throttle.record(call.rank, outcome === "answered" || outcome === "failed", now);
  }

  #shed(call: Call, point: string, why: string, isEnforced: boolean, now: number): void {
    this.#log({ point, reason: why, enforced: isEnforced, requestId: call.id }, now);
    if (isEnforced) throw new Rejected({ kind: "overloaded", point, why, retryAfterMs: retryAfterMs() });
  }
}
