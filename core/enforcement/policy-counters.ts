// What the policies of an isolate have decided: calls by policy, name, route and outcome, the same in every mode.

/** Policies that can refuse a call. */
export const POLICIES = [
  "addresses", // address lists
  "auth", // credentials and scopes
  "allow", // authorization expressions
  "digest", // the body of a signed request
  "rate_limit", // one rule; the name is that of the rule
  "validate", // rules of protos
  "concurrency", // calls in flight; the name is that of the scope: `isolate`, or `route` with the route
  "streams", // open streams; names as above
  "throttle", // calls to an upstream that refuses most of them; the name is that of the upstream
  "shed_level", // calls that hosts of an upstream want to be shed; the same names
  "breaker", // attempts at an upstream whose breakers are open; the same names
] as const;
export type PolicyName = (typeof POLICIES)[number];

export const OUTCOMES = ["allowed", "refused", "would_refuse"] as const;
export type PolicyOutcome = (typeof OUTCOMES)[number];

/** The counts of one policy on one route. Its writer is the policy's `Enforcer`. */
export interface PolicyCell {
  readonly policy: PolicyName;
  readonly name: string; // the rule, scope or upstream; empty for policies of which a route has one
  readonly route: string;
  allowed: number;
  refused: number;
  would_refuse: number; // the policy only reported for this caller: the call went on
}

/** One count, as it is read. */
export interface PolicyCount {
  readonly policy: PolicyName;
  readonly name: string;
  readonly route: string;
  readonly outcome: PolicyOutcome;
  readonly count: number; // decisions since the isolate started, above 0
}

/** Names come from the configuration, never from callers. With names of 64 and routes of 80 characters, 10,000 cells take some 4 MB. */
export const MAX_CELLS = 10_000;
/** Stands for name and route of all policies beyond the bound. */
export const OTHERS = "*";

export class PolicyCounters {
  readonly #max: number;
  readonly #cells = new Map<string, PolicyCell>();

  constructor(max = MAX_CELLS) {
    this.#max = max;
  }

  /** The cell of a policy on a route; the same one each time. Beyond the bound, all others of the policy share one. */
  cell(policy: PolicyName, name: string, route: string): PolicyCell {
    const key = `${policy}\n${name}\n${route}`;
    const cell = this.#cells.get(key);
    if (cell !== undefined) return cell;
    if (this.#cells.size >= this.#max && name !== OTHERS) return this.cell(policy, OTHERS, OTHERS);
    const added = { policy, name, route, allowed: 0, refused: 0, would_refuse: 0 };
    this.#cells.set(key, added);
    return added;
  }

  /** Every count that is not 0. */
  *read(): Generator<PolicyCount> {
    for (const cell of this.#cells.values()) {
      const { policy, name, route } = cell;
      for (const outcome of OUTCOMES) if (cell[outcome] > 0) yield { policy, name, route, outcome, count: cell[outcome] };
    }
  }
}
