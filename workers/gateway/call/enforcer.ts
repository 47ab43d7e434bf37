// What a policy does with the calls that it decides about: it refuses them or only reports them, and counts both.
import type { Enforcement } from "../../../core/config/enforcement.ts";
import { isEnforcedFor } from "../../../core/enforcement/enforcement.ts";
import { type PolicyCell, PolicyCounters, type PolicyName } from "../../../core/enforcement/policy-counters.ts";
import { logEvent } from "../../log.ts";
import { sampled } from "../../sampled.ts";
import { type Call, logFactsOf } from "../call.ts";

/** Of all gateways in the isolate: counts outlive a change of the configuration. */
export const policyCounters = new PolicyCounters();

/** The layers in which policies decide: a trace has a report there. */
const LAYERS: Readonly<Record<PolicyName, string>> = {
  addresses: "limit-addresses",
  auth: "authenticate",
  allow: "authorize",
  digest: "check-digest",
  rate_limit: "rate-limit",
  validate: "validate",
  concurrency: "shed",
  streams: "open-streams",
  throttle: "dispatch",
  shed_level: "dispatch",
  breaker: "dispatch",
};

/** One policy in force, on one route or on all of them. A policy in mode `off` has none. */
export class Enforcer {
  readonly #policy: PolicyName;
  readonly #name: string;
  readonly #enforcement: Enforcement;
  readonly #cells = new Map<string, PolicyCell>(); // keyed by route
  readonly #logged = sampled();

  /** @param name of the rule, scope or upstream; empty for policies of which a route has one */
  constructor(policy: PolicyName, name: string, enforcement: Enforcement) {
    this.#policy = policy;
    this.#name = name;
    this.#enforcement = enforcement;
  }

  /** Whether a refusal holds for the caller of this call; false where it is only reported. */
  isEnforcedFor(call: Call): boolean {
    const { mode, percent } = this.#enforcement;
    return mode === "enforce" && (percent >= 100 || isEnforcedFor(this.#enforcement, call.callerKey));
  }

  /** Counts a call that the policy does not object to. */
  allowed(call: Call): void {
    this.#cell(call).allowed += 1;
  }

  /** Counts a call that the policy refuses. */
  refused(call: Call): void {
    this.#cell(call).refused += 1;
  }

  /**
   * Counts a call that goes on although the policy objects to it. At most one record a second is logged.
   *
   * @param reason for the developer who reads the log; nothing that a caller keeps secret
   */
  reported(call: Call, reason: string): void {
    this.#cell(call).would_refuse += 1;
    call.trace?.note(LAYERS[this.#policy], { [`${this.#policy} would refuse`]: reason });
    const calls = this.#logged(Date.now());
    if (calls === 0) return;
    const facts = { ...logFactsOf(call), address: call.caller.network, policy: this.#policy, name: this.#name };
    logEvent("would_refuse", { ...facts, reason, calls });
  }

  /** Decides about a call that the policy objects to, and counts it. @returns whether it is refused; else it was reported */
  refuses(call: Call, reason: string): boolean {
    const isEnforced = this.isEnforcedFor(call);
    if (isEnforced) this.refused(call);
    else this.reported(call, reason);
    return isEnforced;
  }

  #cell({ route: { name } }: Call): PolicyCell {
    const known = this.#cells.get(name);
    if (known !== undefined) return known;
    const cell = policyCounters.cell(this.#policy, this.#name, name);
    this.#cells.set(name, cell);
    return cell;
  }
}
