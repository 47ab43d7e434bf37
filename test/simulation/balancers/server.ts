// A processor-sharing server: calls share its cores, and none gets more than one core. It runs in virtual time, so a change costs one event.
import { MinuteAverage } from "../../../core/overload/redirect.ts";
import { ADMISSION, HostLoad } from "../../../workers/service/host-load.ts";
import type { World } from "../simulation.ts";

interface Job {
  readonly finishAt: number; // virtual time at which its work is done
  readonly done: () => void;
  readonly ended: ((now: number) => void) | undefined;
}

export class Server {
  inFlight = 0;
  underway = 0; // calls sent that have not arrived; only the oracle uses it
  medianMs = 0; // the median of predictions, as callers report it
  readonly cores = 4;
  readonly minuteAverage = new MinuteAverage();
  readonly #measured: HostLoad | undefined; // its prediction from its own responses, as a host of the framework makes it
  readonly #world: World;
  readonly #baseSpeed: number;
  #factor = 1; // slowdown by neighbors or faults
  #virtual = 0; // work that a call present since the start would have got, ms
  #advancedTo = 0; // time up to which `#virtual` is computed
  #plan = 0; // number of the newest plan; older ones are void
  readonly #jobs: Job[] = []; // sorted by finishAt, the next to finish last

  constructor(world: World, speed: number, isMeasured = false) {
    this.#world = world;
    this.#measured = isMeasured ? new HostLoad(ADMISSION, this.cores) : undefined;
    this.#baseSpeed = speed;
  }

  get speed(): number {
    return this.#baseSpeed * this.#factor;
  }

  /** Work per ms that each call gets now. */
  get rate(): number {
    return this.speed * Math.min(1, this.cores / Math.max(1, this.inFlight));
  }

  /** Time that one more call of `workMs` would take: the true one, or the one that the server measures. */
  predictedMs(workMs: number): number {
    if (this.#measured !== undefined) return this.#measured.predictedMs;
    return (workMs / this.speed) * Math.max(1, (this.inFlight + 1) / this.cores);
  }

  slow(factor: number): void {
    this.#advance();
    this.#factor *= factor;
    this.#planNext();
  }

  add(workMs: number, done: () => void): void {
    const end = this.#measured?.start(this.#world.now);
    this.#advance();
    const finishAt = this.#virtual + workMs;
    let low = 0;
    let high = this.#jobs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#jobs[middle]!.finishAt > finishAt) low = middle + 1;
      else high = middle;
    }
    this.#jobs.splice(low, 0, { finishAt, done, ended: end }); // the next to finish is the last one
    this.inFlight += 1;
    this.#planNext();
  }

  #advance(): void {
    this.#virtual += (this.#world.now - this.#advancedTo) * this.rate;
    this.#advancedTo = this.#world.now;
  }

  #planNext(): void {
    const next = this.#jobs.at(-1);
    const plan = ++this.#plan;
    if (next === undefined) return;
    this.#world.after((next.finishAt - this.#virtual) / this.rate, () => {
      if (plan !== this.#plan) return;
      this.#advance();
      this.#jobs.pop();
      this.inFlight -= 1;
      this.#planNext();
      next.ended?.(this.#world.now);
      next.done();
    });
  }
}
