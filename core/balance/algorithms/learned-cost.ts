// Least work: like least_time, but calls in flight count with the cost of their method, which this isolate learns from response times.
// The model is log(response time) = method + endpoint + rest. Costs are used only while methods explain enough of the variance.
import type { Balancer, Candidate } from "../balancer.ts";
import { leastByTime } from "./least-time.ts";

// The constants were chosen with `npm run sim -- balancers`, scenarios mixed-70 and mixed-85.
const MAX_METHODS = 1_000; // methods beyond these count as cost 1
const MIN_COST_ALPHA = 0.02; // EWMA weight of one response in the cost of its method: about the last 50
const MIN_VARIANCE_ALPHA = 0.01; // EWMA weight of one response in the variances: about the last 100
const MIN_EXPLAINED = 0.3; // share of the variance of log times; below it, differences between methods are noise
const MIN_RESPONSES = 200; // before any cost is used
const MIN_RESPONSES_OF_METHOD = 5; // before the cost of this method is used
const MIN_COST = 0.02; // the mean call costs 1
const MAX_COST = 50;

interface MethodStatistics {
  meanLog: number; // mean of log(ratio)
  responses: number;
}

/** What calls of each method cost, where 1 is the mean over all calls. */
export class MethodCosts {
  readonly #methods = new Map<number, MethodStatistics>();
  #responses = 0;
  #meanLog = 0; // over all methods
  #meanCost = 1; // mean of exp(meanLog of the method), over all calls
  #totalVariance = 0; // variance of log(ratio)
  #restVariance = 0; // variance of log(ratio) around the mean of its method

  /** @param ratio response time divided by what the endpoint takes for a call of cost 1 */
  learn(method: number, ratio: number): void {
    if (!(ratio > 0)) return;
    const log = Math.log(ratio);
    let statistics = this.#methods.get(method);
    if (statistics === undefined) {
      if (this.#methods.size >= MAX_METHODS) return;
      statistics = { meanLog: log, responses: 0 };
      this.#methods.set(method, statistics);
    }
    this.#responses += 1;
    const alpha = Math.max(MIN_VARIANCE_ALPHA, 1 / this.#responses);
    this.#restVariance += alpha * ((log - statistics.meanLog) ** 2 - this.#restVariance);
    this.#totalVariance += alpha * ((log - this.#meanLog) ** 2 - this.#totalVariance);
    this.#meanLog += alpha * (log - this.#meanLog);
    this.#meanCost += alpha * (Math.exp(statistics.meanLog) - this.#meanCost);
    statistics.responses += 1;
    statistics.meanLog += Math.max(MIN_COST_ALPHA, 1 / statistics.responses) * (log - statistics.meanLog);
  }

  /** Share of the variance of log times that methods explain, in [0, 1]; 0 before there are enough responses. */
  get explained(): number {
    const isKnown = this.#responses >= MIN_RESPONSES && this.#totalVariance !== 0;
    return isKnown ? Math.max(0, 1 - this.#restVariance / this.#totalVariance) : 0;
  }

  /** @returns a cost in [0.02, 50]; 1 where methods explain too little, or this one has too few responses */
  costOf(method: number): number {
    const statistics = this.#methods.get(method);
    if (statistics === undefined || statistics.responses < MIN_RESPONSES_OF_METHOD || this.explained < MIN_EXPLAINED) return 1;
    return Math.min(MAX_COST, Math.max(MIN_COST, Math.exp(statistics.meanLog) / this.#meanCost));
  }
}

/** Score: (work of this isolate's calls in flight + cost of this call) x time for cost 1 / weight. With one method, it picks as least_time. */
export function learnedCost(candidates: readonly Candidate[]): Balancer {
  const costs = new MethodCosts();
  const least = leastByTime(candidates);
  return {
    pick(input) {
      const cost = costs.costOf(input.method ?? 0);
      return least(input, ({ load, weight }, expectedMs) => ((load.work(input.now) + cost) * expectedMs) / weight);
    },
    costOf: (method) => costs.costOf(method),
    learn: (method, ratio) => costs.learn(method, ratio),
  };
}
