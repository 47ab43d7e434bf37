// A processor-sharing server: its calls share its cores, and none gets more than one. Kept in virtual time, so a change costs one event.
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
  underway = 0; // calls sent that have not arrived: nobody but the oracle knows
  heardMs = 0; // the median, as callers told it
  readonly cores = 4;
  readonly usual = new MinuteAverage();
  readonly #measured: HostLoad | undefined; // what it can tell by its own answers, as a host of the framework does
  readonly #world: World;
  readonly #baseSpeed: number;
  #factor = 1; // slowed by neighbours or faults
  #virtual = 0; // work that a call which has been here all along would have had, ms
  #at = 0; // when `#virtual` was true
  #plan = 0; // plans older than this one are void
  readonly #jobs: Job[] = []; // by finishAt

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

  /** Time that one call more of `workMs` would take: as it is, or as the server's own answers tell. */
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
    this.#jobs.splice(low, 0, { finishAt, done, ended: end }); // the next one to finish is the last one
    this.inFlight += 1;
    this.#planNext();
  }

  #advance(): void {
    this.#virtual += (this.#world.now - this.#at) * this.rate;
    this.#at = this.#world.now;
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
