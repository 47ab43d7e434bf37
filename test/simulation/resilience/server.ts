// An endpoint of the world: calls share its cores, wait for what it depends on, and are worked on to the end unless somebody stops them.
import type { World } from "../simulation.ts";

export type Answer = "ok" | "unavailable" | "spent"; // spent: unavailable, and repeated below as often as it may be

export interface Job {
  readonly workMs: number;
  readonly deadlineAt: number;
  readonly isChained: boolean; // somebody before us repeats it
  readonly answer: (answer: Answer) => void;
}

interface Running {
  readonly finishAt: number; // virtual time at which its work is done
  readonly done: () => void;
  isOver: boolean;
}

export interface ServerSetting {
  readonly cores: number;
  readonly slots?: number; // calls it takes on at once; others wait in line
  readonly stops: boolean; // whether it stops work that nobody waits for any more
  readonly zone: number;
}

export class Server {
  readonly setting: ServerSetting;
  fault: "none" | "refuses" | "hangs" = "none";
  errorShare = 0; // of its answers, after the work is done
  dependencyMs = 0; // what each call waits before it works
  cold = 0; // share of what it needs that is not in its cache, in [0, 1]
  coldWork = 1; // times the work of a call that finds nothing in the cache
  fillsIn = 100; // answers
  heardMs = 0; // the median, as callers told it
  inFlight = 0; // on its cores
  asked = 0; // calls that have come to it
  /** What it asks of another service before it answers, and hands on. */
  behind: ((job: Job, done: (answer: Answer) => void) => void) | undefined;
  readonly #world: World;
  readonly #roll: () => number;
  #speed = 1;
  #busy = 0; // slots
  readonly #line: (() => void)[] = [];
  #virtual = 0; // work that a call which has been here all along would have had, ms
  #at = 0; // when `#virtual` was true
  #plan = 0; // plans older than this one are void
  readonly #running: Running[] = []; // by finishAt, the next one last; those that were stopped are over

  constructor(world: World, setting: ServerSetting, roll: () => number) {
    this.#world = world;
    this.setting = setting;
    this.#roll = roll;
  }

  set speed(speed: number) {
    this.#advance();
    this.#speed = speed;
    this.#planNext();
  }

  /** Time that one call more of `workMs` would take, as the server itself can tell. */
  predictedMs(workMs: number): number {
    return (workMs / this.#speed) * Math.max(1, (this.inFlight + 1) / this.setting.cores);
  }

  /** @returns what its caller does when it waits no longer */
  take(job: Job): () => void {
    this.asked += 1;
    if (this.fault === "hangs") return () => undefined;
    if (this.fault === "refuses") {
      job.answer("unavailable");
      return () => undefined;
    }
    let isOver = false; // answered, or stopped
    let hasSlot = false;
    let running: Running | undefined;
    const leave = (): void => {
      isOver = true;
      if (!hasSlot) return;
      this.#busy -= 1;
      this.#line.shift()?.();
    };
    const end = (answer: Answer): void => {
      if (isOver) return;
      leave();
      job.answer(answer === "ok" && this.#roll() < this.errorShare ? "unavailable" : answer);
    };
    const work = (): void => {
      if (isOver) return;
      running = this.#add(job.workMs * (1 + (this.coldWork - 1) * this.cold), () => {
        this.cold *= 1 - 1 / this.fillsIn;
        if (this.behind === undefined) end("ok");
        else this.behind(job, end);
      });
    };
    const begin = (): void => {
      if (isOver) return void this.#line.shift()?.();
      hasSlot = true;
      this.#busy += 1;
      if (this.dependencyMs === 0) work();
      else this.#world.after(this.dependencyMs, work);
    };
    if (this.#busy >= (this.setting.slots ?? Number.POSITIVE_INFINITY)) this.#line.push(begin);
    else begin();
    return () => {
      if (!this.setting.stops || isOver) return;
      if (running !== undefined) this.#stop(running);
      leave();
    };
  }

  #add(workMs: number, done: () => void): Running {
    this.#advance();
    const one = { finishAt: this.#virtual + workMs, done, isOver: false };
    let low = 0;
    let high = this.#running.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#running[middle]!.finishAt > one.finishAt) low = middle + 1;
      else high = middle;
    }
    this.#running.splice(low, 0, one);
    this.inFlight += 1;
    this.#planNext();
    return one;
  }

  #stop(one: Running): void {
    if (one.isOver) return;
    this.#advance();
    one.isOver = true;
    this.inFlight -= 1;
    this.#planNext();
  }

  get #rate(): number {
    return this.#speed * Math.min(1, this.setting.cores / Math.max(1, this.inFlight));
  }

  #advance(): void {
    this.#virtual += (this.#world.now - this.#at) * this.#rate;
    this.#at = this.#world.now;
  }

  #planNext(): void {
    while (this.#running.at(-1)?.isOver === true) this.#running.pop();
    const next = this.#running.at(-1);
    const plan = ++this.#plan;
    if (next === undefined) return;
    this.#world.after((next.finishAt - this.#virtual) / this.#rate, () => {
      if (plan !== this.#plan) return;
      this.#advance();
      this.#running.pop();
      next.isOver = true;
      this.inFlight -= 1;
      this.#planNext();
      next.done();
    });
  }
}
