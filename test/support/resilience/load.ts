// A constant stream of calls, whatever comes of them, and what came of those of a time.

export interface Sent {
  readonly at: number; // ms of performance.now()
  readonly tookMs: number;
  readonly problem: string | undefined;
}

export interface Phase {
  readonly calls: number;
  readonly failed: number;
  readonly tookMs: readonly number[]; // the shortest first
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly problems: readonly string[]; // each once
}

const MOST_UNDER_WAY = 96; // a machine that is this far behind gets no more calls: it would be an overload that is tested

/** Sends so many calls a second until it is stopped. */
export class Load {
  readonly #sent: Sent[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param call throws what is wrong with its answer */
  constructor(perSecond: number, call: () => Promise<void>) {
    const startedAt = performance.now();
    let due = 0;
    this.#timer = setInterval(() => {
      const until = ((performance.now() - startedAt) * perSecond) / 1_000;
      for (const most = due + perSecond / 5; due < until && due < most && this.#underWay.size < MOST_UNDER_WAY; due++) this.#send(call); // after a pause, not all at once
      due = Math.max(due, Math.floor(until) - perSecond / 5);
    }, 5);
  }

  #send(call: () => Promise<void>): void {
    const at = performance.now();
    const ended = (problem?: unknown): void => {
      this.#sent.push({ at, tookMs: performance.now() - at, problem: problem === undefined ? undefined : String(problem) });
    };
    const under = call()
      .then(() => ended(), ended)
      .finally(() => this.#underWay.delete(under));
    this.#underWay.add(under);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
  }

  /** Of the calls that were sent in a time, ms of performance.now(). */
  between(from: number, to: number): Phase {
    const sent = this.#sent.filter(({ at }) => at >= from && at < to);
    const took = sent.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
    const problems = sent.flatMap(({ problem }) => problem ?? []);
    const quantile = (share: number): number => took[Math.min(took.length - 1, Math.floor(share * took.length))] ?? Number.NaN;
    const quantiles = { tookMs: took, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
    return { calls: sent.length, failed: problems.length, ...quantiles, problems: [...new Set(problems)] };
  }
}
