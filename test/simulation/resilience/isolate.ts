// The gateway in one isolate: the fleet, breakers, retries, budget and hedging of the core, put together as workers/gateway does it.

import type { FleetSettings } from "../../../core/balance/endpoint-groups.ts";
import { Fleet } from "../../../core/balance/fleet.ts";
import type { PickResult } from "../../../core/balance/pick-request.ts";
import { PROBE_MS } from "../../../core/breaker/report.ts";
import type { Budget } from "../../../core/budget.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import type { HedgePolicy, RetryPolicy } from "../../../core/config/retry.ts";
import { RETRIES, RETRY_BUDGET } from "../../../core/config/retry.ts";
import { isHot, updateMedian } from "../../../core/overload/redirect.ts";
import { Hedger } from "../../../core/retry/hedge.ts";
import { HedgeGuard } from "../../../core/retry/hedge-guard.ts";
import { type AttemptFailure, decideRetry, retryBudget } from "../../../core/retry/retry.ts";
import type { World } from "../simulation.ts";
import type { BreakerObject } from "./breaker-object.ts";
import type { Answer, Server } from "./server.ts";

/** What is tried: each mechanism by itself. */
export interface Mechanisms {
  readonly budget: boolean; // retries keep to it
  readonly stops: boolean; // deadlines are passed on, and work that nobody waits for any more ends
  readonly breaker: "shared" | "local" | "off";
  readonly isChainStopped: boolean; // a retry is not retried further down, nor what was retried there further up
}

export interface Wiring {
  readonly world: World;
  readonly roll: () => number;
  readonly servers: readonly Server[];
  readonly object: BreakerObject | undefined;
  readonly name: string;
  readonly location: string;
  readonly retries?: RetryPolicy;
  readonly hedging?: HedgePolicy;
  readonly isGated?: boolean; // false: hedges whatever the pressure, and whatever it costs
  readonly balancer?: FleetSettings["balancer"];
  readonly usualMs: number; // work of a call in the mean
  readonly straggles?: (roll: () => number) => number; // ms that an answer is held up on its way
}

export interface Call {
  readonly workMs: number;
  readonly receivedAt: number;
  readonly deadlineAt: number;
  readonly isChained: boolean;
}

type Outcome = "answered" | AttemptFailure;

const GIVES_UP_MS = 5_000; // on a report, as workers/gateway/upstream/breaker-reports.ts
const MEANS_SOMETHING_MS = 1_000; // a time-out, as workers/gateway/upstream/pool.ts

export class Isolate {
  readonly #wiring: Wiring;
  readonly #mechanisms: Mechanisms;
  readonly fleet: Fleet;
  readonly #budget: Budget;
  readonly #retries: RetryPolicy;
  readonly #pressure = new HedgeGuard();
  readonly #hedger: Hedger | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  attempts = 0;
  hedges = 0;
  bad = 0; // attempts that failed

  constructor(wiring: Wiring, mechanisms: Mechanisms) {
    this.#wiring = wiring;
    this.#mechanisms = mechanisms;
    this.#retries = wiring.retries ?? RETRIES;
    this.#budget = retryBudget(mechanisms.budget ? RETRY_BUDGET : { percent: 100, minPerSecond: 1e6 });
    this.#hedger = wiring.hedging && new Hedger(wiring.hedging, this.#pressure);
    const members = wiring.servers.map((_, index) => ({ id: String(index), weight: 1, priority: 0, isDraining: false }));
    this.fleet = new Fleet(members, {
      balancer: wiring.balancer ?? "least_time",
      maxConcurrent: 500,
      maxLoadFactor: Number.POSITIVE_INFINITY,
      slowStartMs: 10_000,
      breaker: { ...BREAKER, mode: mechanisms.breaker === "off" ? "off" : "enforce" },
    });
  }

  /** As layers/retry.ts does it. */
  call(call: Call, settle: (answer: Answer) => void): void {
    const { world, roll } = this.#wiring;
    const tried = new Set<string>();
    this.#budget.earn();
    const isChained = call.isChained && this.#mechanisms.isChainStopped;
    const attempt = (number: number): void => {
      const attemptMs = Math.min(this.#retries.perAttemptMs, call.deadlineAt - world.now);
      const its = { ...call, deadlineAt: world.now + attemptMs, isChained: call.isChained || number > 1 };
      this.#hedged(its, number, tried, (outcome) => {
        if (outcome === "answered") return settle("ok");
        if (isChained) return settle("unavailable");
        const at = { number, isIdempotent: true, remainingMs: call.deadlineAt - world.now };
        const next = decideRetry(this.#retries, outcome, at, this.#budget, world.now, roll());
        if (next.kind === "stop") settle(next.reason === "budget" || next.reason === "max" ? "spent" : "unavailable");
        else world.after(next.afterMs, () => attempt(number + 1));
      });
    };
    attempt(1);
  }

  /** As layers/hedge.ts does it. */
  #hedged(call: Call, number: number, tried: Set<string>, end: (outcome: Outcome) => void): void {
    const { world } = this.#wiring;
    const hedger = this.#hedger;
    if (hedger === undefined || number > 1) return void this.#bounced(call, tried, end);
    const startedAt = world.now;
    const permit = this.#pressure.begin(startedAt, call.deadlineAt);
    let [isOver, failed, underWay] = [false, 0, 1];
    const stops: (() => void)[] = [];
    const ended = (own: number, outcome: Outcome): void => {
      if (isOver || (outcome !== "answered" && ++failed < underWay)) return;
      isOver = true;
      for (const [index, stop] of stops.entries()) if (index !== own) stop();
      hedger.end(world.now - startedAt, underWay === 2 ? own === 1 : undefined);
      this.#pressure.end(permit, outcome !== "answered");
      end(outcome);
    };
    stops.push(this.#bounced(call, tried, (outcome) => ended(0, outcome)));
    const delayMs = hedger.start();
    if (delayMs === undefined || startedAt + delayMs >= call.deadlineAt) return;
    world.after(delayMs, () => {
      if (isOver) return;
      const mayHedge = this.#wiring.isGated === false || (hedger.take(world.now) && this.#budget.take(world.now));
      if (!mayHedge) return;
      underWay = 2;
      this.hedges += 1;
      stops.push(this.#bounced({ ...call, isChained: true }, tried, (outcome) => ended(1, outcome)));
    });
  }

  /** As dispatch.ts does it: a server that is hot against the others may refuse once. @returns what ends the attempt */
  #bounced(call: Call, tried: Set<string>, end: (outcome: Outcome) => void): () => void {
    let stop = (): void => undefined;
    stop = this.#sent(call, tried, true, (outcome) => {
      if (outcome !== "bounced") return end(outcome);
      this.attempts -= 1; // nothing was done for it
      stop = this.#sent(call, tried, false, (second) => end(second as Outcome));
    });
    return () => stop();
  }

  /** As pool.ts does it. @returns what gives the attempt up */
  #sent(call: Call, tried: Set<string>, mayBounce: boolean, end: (outcome: Outcome | "bounced") => void): () => void {
    const { world, roll, servers, usualMs, straggles } = this.#wiring;
    const sentAt = world.now;
    const nothing = (): void => undefined;
    if (!this.fleet.localBreakers.areAllClosed(sentAt)) this.#tell(undefined);
    const found = this.fleet.pick({ method: 0, key: 0, now: sentAt, rng: roll, tried });
    if (found.kind !== "picked") {
      this.#refused(found, end);
      return nothing;
    }
    const { id, admission, isRepeated } = found;
    tried.add(id);
    this.attempts += 1;
    const server = servers[Number(id)]!;
    const permit = this.fleet.begin(id, sentAt, call.deadlineAt)!;
    const medianMs = mayBounce ? this.fleet.medianMs(sentAt) : 0;
    let isOver = false;
    let stopAtServer = nothing;
    const over = (how: "answered" | "failed" | "late" | "dropped"): boolean => {
      if (isOver) return false;
      isOver = true;
      const ended = { permit, admission, now: world.now, random: roll(), isRepeated };
      if (how === "dropped") this.fleet.drop(id, ended);
      else if (how === "answered") this.fleet.succeeded(id, ended);
      else
        this.fleet.failed(
          id,
          ended,
          call.deadlineAt - call.receivedAt,
          how === "failed" || Math.round(world.now - sentAt) >= MEANS_SOMETHING_MS,
        );
      if (how === "failed" || how === "late") this.bad += 1;
      this.#tell(id);
      return true;
    };
    const late = (): void => {
      if (over(world.now < call.deadlineAt ? "failed" : "late")) end({ code: "deadline_exceeded", wasSent: true, pushbackMs: undefined });
      stopAtServer();
    };
    world.at(Math.min(call.deadlineAt, admission.probe === undefined ? call.deadlineAt : sentAt + PROBE_MS), late);
    world.after(this.#travelMs(), () => {
      if (isOver && server.setting.stops) return;
      const predictedMs = server.predictedMs(usualMs);
      server.heardMs = updateMedian(server.heardMs, medianMs);
      const heat = { inFlight: server.inFlight, cores: server.setting.cores, predictedMs };
      const back = (act: () => void): void =>
        world.after(this.#travelMs() + (straggles?.(roll) ?? 0), () => {
          this.fleet.report(id, { predictedMs }, permit, world.now);
          act();
        });
      if (server.fault === "none" && isHot(heat, medianMs > 0 ? server.heardMs : 0)) return back(() => over("dropped") && end("bounced"));
      const isHeeded = this.#mechanisms.isChainStopped;
      const answer = (its: Answer): void =>
        back(() => {
          if (over(its === "ok" ? "answered" : "failed"))
            end(
              its === "ok" ? "answered" : { code: "unavailable", wasSent: true, pushbackMs: its === "spent" && isHeeded ? -1 : undefined },
            );
        });
      stopAtServer = server.take({ workMs: call.workMs, deadlineAt: call.deadlineAt, isChained: call.isChained, answer });
    });
    return () => {
      over("dropped");
      stopAtServer();
    };
  }

  /** What the gateway refuses by itself is not retried. */
  #refused(found: PickResult, end: (outcome: Outcome) => void): void {
    this.#wiring.world.after(0, () => end({ code: found.kind, wasSent: false, pushbackMs: undefined }));
  }

  #travelMs(): number {
    return 2 - 0.5 * Math.log(1 - this.#wiring.roll());
  }

  /** As workers/gateway/upstream/breaker-reports.ts does it: 10 to 50 ms to the object and back. */
  #tell(id: string | undefined): void {
    const { world, roll, object, name, location } = this.#wiring;
    if (object === undefined || this.#mechanisms.breaker !== "shared") return;
    const sentAt = world.now;
    if (sentAt - this.#askedAt < GIVES_UP_MS) return;
    const seen = this.fleet.localBreakers.takeReports(sentAt, id);
    if (seen === undefined) return;
    this.#askedAt = sentAt;
    const travelMs = 5 + 20 * roll();
    world.after(travelMs, () => {
      const views = object.report({ isolate: name, location }, seen);
      world.after(travelMs, () => {
        this.#askedAt = Number.NEGATIVE_INFINITY;
        if (views !== undefined) this.fleet.localBreakers.applyViews(views, sentAt, world.now);
      });
    });
  }
}
