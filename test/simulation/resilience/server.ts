// A simulated endpoint: calls share its cores, wait for its dependency, and run to the end unless they are stopped.
import type { World } from "../simulation.ts";

export type ServerResponse = "ok" | "unavailable" | "spent"; // spent: unavailable, and services below have used up their retries

export interface Job {
  readonly workMs: number;
  readonly deadlineAt: number;
  readonly isChained: boolean; // a caller further up retries it
  readonly respond: (response: ServerResponse) => void;
}

interface Running {
  readonly finishAt: number; // virtual time at which its work is done
  readonly done: () => void;
  isOver: boolean;
}

export interface ServerSetting {
  readonly cores: number;
  readonly workers?: number; // calls that it takes on at once; others wait in a queue
  readonly stops: boolean; // whether it stops work whose caller has gone away
  readonly zone: number;
}

export class Server {
  readonly setting: ServerSetting;
  fault: "none" | "refuses" | "hangs" = "none";
  errorShare = 0; // share of the responses that are errors, after the work is done
  dependencyMs = 0; // time that each call waits before its work
  cold = 0; // share of the data that is missing in its cache, in [0, 1]
  coldWork = 1; // factor on the work of a call that misses the cache
  fillsIn = 100; // responses until the cache is mostly filled
  medianMs = 0; // the median of predictions, as callers report it
  inFlight = 0; // calls on its cores
  received = 0; // calls
  /** A call to another service before the response, which decides the response. */
  dependency: ((job: Job, done: (response: ServerResponse) => void) => void) | undefined;
  readonly #world: World;
  readonly #rng: () => number;
  #speed = 1;
  #busy = 0; // workers
  readonly #queue: (() => void)[] = [];
  #virtual = 0; // work that a call present since the start would have got, ms
  #advancedTo = 0; // time up to which `#virtual` is computed
  #plan = 0; // number of the newest plan; older ones are void
  readonly #running: Running[] = []; // sorted by finishAt, the next to finish last; stopped ones have isOver

  constructor(world: World, setting: ServerSetting, rng: () => number) {
    this.#world = world;
    this.setting = setting;
    this.#rng = rng;
  }

  set speed(speed: number) {
    this.#advance();
    this.#speed = speed;
    this.#planNext();
  }

  /** Time that one more call of `workMs` would take, as the server predicts it. */
  predictedMs(workMs: number): number {
    return (workMs / this.#speed) * Math.max(1, (this.inFlight + 1) / this.setting.cores);
  }

  /** @returns a function that stops the call; its caller calls it when it stops waiting */
  take(job: Job): () => void {
    this.received += 1;
    if (this.fault === "hangs") return () => undefined;
    if (this.fault === "refuses") {
      job.respond("unavailable");
      return () => undefined;
    }
    let isOver = false; // responded or stopped
    let hasWorker = false;
    let running: Running | undefined;
    const leave = (): void => {
      isOver = true;
      if (!hasWorker) return;
      this.#busy -= 1;
      this.#queue.shift()?.();
    };
    const end = (response: ServerResponse): void => {
      if (isOver) return;
      leave();
      job.respond(response === "ok" && this.#rng() < this.errorShare ? "unavailable" : response);
    };
    const work = (): void => {
      if (isOver) return;
      running = this.#add(job.workMs * (1 + (this.coldWork - 1) * this.cold), () => {
        this.cold *= 1 - 1 / this.fillsIn;
        if (this.dependency === undefined) end("ok");
        else this.dependency(job, end);
      });
    };
    const begin = (): void => {
      if (isOver) return void this.#queue.shift()?.();
      hasWorker = true;
      this.#busy += 1;
      if (this.dependencyMs === 0) work();
      else this.#world.after(this.dependencyMs, work);
    };
    if (this.#busy >= (this.setting.workers ?? Number.POSITIVE_INFINITY)) this.#queue.push(begin);
    else begin();
    return () => {
      if (!this.setting.stops || isOver) return;
      if (running !== undefined) this.#stop(running);
      leave();
    };
  }

  #add(workMs: number, done: () => void): Running {
    this.#advance();
    const running = { finishAt: this.#virtual + workMs, done, isOver: false };
    let low = 0;
    let high = this.#running.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#running[middle]!.finishAt > running.finishAt) low = middle + 1;
      else high = middle;
    }
    this.#running.splice(low, 0, running);
    this.inFlight += 1;
    this.#planNext();
    return running;
  }

  #stop(running: Running): void {
    if (running.isOver) return;
    this.#advance();
    running.isOver = true;
    this.inFlight -= 1;
    this.#planNext();
  }

  get #rate(): number {
    return this.#speed * Math.min(1, this.setting.cores / Math.max(1, this.inFlight));
  }

  #advance(): void {
    this.#virtual += (this.#world.now - this.#advancedTo) * this.#rate;
    this.#advancedTo = this.#world.now;
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
