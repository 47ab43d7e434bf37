// The balancer that learns: what methods cost beside each other, so that calls in flight count for the work they are.
// log time = method + endpoint + rest; it turns itself on only where methods explain the times.
import { type Balancer, type Candidate, pickLeast } from "./balancer.ts";
import { expectedTimes } from "./least-time.ts";

const MOST_METHODS = 1_000; // learned; the others count as one call each
const SLOWEST = 0.02; // of each answer, that a method's cost moves by
const VARIANCE_OVER = 0.01; // of each answer
const EXPLAINS = 0.3; // of the variance of log times: less is noise, and cost would follow it
const LEARNS_FROM = 200; // answers

/** What methods cost: 1 is the mean over the calls that were seen. */
export class MethodCosts {
  readonly #methods = new Map<number, { log: number; seen: number }>();
  #seen = 0;
  #mean = 0; // of all log times, beside their endpoint's
  #meanCost = 1; // of the calls that were seen, as `exp(log)`
  #total = 0; // variance of them
  #rest = 0; // what is left of it when the method is known

  /** @param ratio time of an answer over what its endpoint takes for a call of cost 1 */
  learn(method: number, ratio: number): void {
    if (!(ratio > 0)) return;
    const log = Math.log(ratio);
    let known = this.#methods.get(method);
    if (known === undefined) {
      if (this.#methods.size >= MOST_METHODS) return;
      known = { log, seen: 0 };
      this.#methods.set(method, known);
    }
    this.#seen += 1;
    const part = Math.max(VARIANCE_OVER, 1 / this.#seen);
    this.#rest += part * ((log - known.log) ** 2 - this.#rest);
    this.#total += part * ((log - this.#mean) ** 2 - this.#total);
    this.#mean += part * (log - this.#mean);
    this.#meanCost += part * (Math.exp(known.log) - this.#meanCost);
    known.seen += 1;
    known.log += Math.max(SLOWEST, 1 / known.seen) * (log - known.log);
  }

  /** Share of the variance of log times that methods explain, in [0, 1]; 0 before enough was seen. */
  get explained(): number {
    return this.#seen < LEARNS_FROM || this.#total === 0 ? 0 : Math.max(0, 1 - this.#rest / this.#total);
  }

  /** @returns 1 where methods explain too little, or this one is not known */
  costOf(method: number): number {
    const known = this.#methods.get(method);
    if (known === undefined || known.seen < 5 || this.explained < EXPLAINS) return 1;
    return Math.min(50, Math.max(0.02, Math.exp(known.log) / this.#meanCost));
  }
}

/** Score: (work in flight of ours + work of this call) x time for work of 1 / weight. With one method it is least_time. */
export function learnedCost(candidates: readonly Candidate[]): Balancer {
  const costs = new MethodCosts();
  const count = candidates.length;
  const expected = expectedTimes(candidates);
  return {
    pick(question) {
      const { now, rng } = question;
      const cost = costs.costOf(question.method ?? 0);
      const expectedMs = expected(now);
      return pickLeast(count, Math.floor(rng() * count), question, (index) => {
        const { load, weight } = candidates[index]!;
        return ((load.work(now) + cost) * expectedMs[index]!) / weight;
      });
    },
    costOf: (method) => costs.costOf(method),
    learn: (method, ratio) => costs.learn(method, ratio),
  };
}
