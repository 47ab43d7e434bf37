// The gateway in one isolate: the fleet, breakers, retries, budget and hedging of the core, put together as workers/gateway does it.

import type { FleetSettings } from "../../../core/balance/endpoint-groups.ts";
import { Fleet } from "../../../core/balance/fleet.ts";
import type { PickResult } from "../../../core/balance/pick-request.ts";
import { PROBE_MS } from "../../../core/breaker/report.ts";
import type { Budget } from "../../../core/budget.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import type { HedgePolicy, RetryPolicy } from "../../../core/config/retry.ts";
import { RETRIES, RETRY_BUDGET } from "../../../core/config/retry.ts";
import { ExchangeSchedule } from "../../../core/exchange/exchange-schedule.ts";
import { EXCHANGE_MS, EXCHANGE_VERSION } from "../../../core/exchange/messages.ts";
import { isHot, updateMedian } from "../../../core/overload/redirect.ts";
import { Hedger } from "../../../core/retry/hedge.ts";
import { HedgeGuard } from "../../../core/retry/hedge-guard.ts";
import { type AttemptFailure, decideRetry, retryBudget } from "../../../core/retry/retry.ts";
import type { World } from "../simulation.ts";
import type { BreakerDurableObject } from "./breaker-durable-object.ts";
import type { Server, ServerResponse } from "./server.ts";

/** What is tried: each mechanism by itself. */
export interface Mechanisms {
  readonly budget: boolean; // retries are limited by the budget
  readonly stops: boolean; // deadlines are passed on, and work whose caller has gone away is stopped
  readonly breaker: "shared" | "local" | "off";
  readonly isChainStopped: boolean; // a call is retried at one place in a chain only
}

export interface Wiring {
  readonly world: World;
  readonly rng: () => number;
  readonly servers: readonly Server[];
  readonly durableObject: BreakerDurableObject | undefined;
  readonly name: string;
  readonly location: string;
  readonly retries?: RetryPolicy;
  readonly hedging?: HedgePolicy;
  readonly isGuarded?: boolean; // false: hedges without guard and budget
  readonly balancer?: FleetSettings["balancer"];
  readonly meanWorkMs: number; // per call
  readonly straggles?: (rng: () => number) => number; // ms by which a response is delayed
}

export interface Call {
  readonly workMs: number;
  readonly receivedAt: number;
  readonly deadlineAt: number;
  readonly isChained: boolean;
}

type Outcome = "succeeded" | AttemptFailure;

const EXCHANGE_TIMEOUT_MS = 5_000; // the timeout of workers/gateway/background/exchange.ts
const RELAY_MS = 5; // one way
const MIN_EVIDENCE_MS = 1_000; // a shorter time-out says nothing about the endpoint, as in workers/call/pool/attempt.ts

export class Isolate {
  readonly #wiring: Wiring;
  readonly #mechanisms: Mechanisms;
  readonly fleet: Fleet;
  readonly #budget: Budget;
  readonly #retries: RetryPolicy;
  readonly #hedgeGuard = new HedgeGuard();
  readonly #hedger: Hedger | undefined;
  readonly #schedule = new ExchangeSchedule(EXCHANGE_MS);
  #exchangedAt = Number.NEGATIVE_INFINITY; // start of the exchange that is under way
  attempts = 0;
  hedges = 0;
  failures = 0; // attempts that failed

  constructor(wiring: Wiring, mechanisms: Mechanisms) {
    this.#wiring = wiring;
    this.#mechanisms = mechanisms;
    this.#retries = wiring.retries ?? RETRIES;
    this.#budget = retryBudget(mechanisms.budget ? RETRY_BUDGET : { percent: 100, minPerSecond: 1e6 });
    this.#hedger = wiring.hedging && new Hedger(wiring.hedging, this.#hedgeGuard);
    const members = wiring.servers.map((_, index) => ({ id: String(index), weight: 1, priority: 0, isDraining: false }));
    this.fleet = new Fleet(members, {
      balancer: wiring.balancer ?? "least_time",
      maxConcurrent: 500,
      maxLoadFactor: Number.POSITIVE_INFINITY,
      slowStartMs: 10_000,
      breaker: { ...BREAKER, mode: mechanisms.breaker === "off" ? "off" : "enforce" },
    });
  }

  /** Retries as workers/call/retry.ts does. */
  call(call: Call, settle: (response: ServerResponse) => void): void {
    const { world, rng } = this.#wiring;
    const tried = new Set<string>();
    this.#budget.earn();
    const isChained = call.isChained && this.#mechanisms.isChainStopped;
    const attempt = (number: number): void => {
      const attemptMs = Math.min(this.#retries.perAttemptMs, call.deadlineAt - world.now);
      const attemptCall = { ...call, deadlineAt: world.now + attemptMs, isChained: call.isChained || number > 1 };
      this.#hedged(attemptCall, number, tried, (outcome) => {
        if (outcome === "succeeded") return settle("ok");
        if (isChained) return settle("unavailable");
        const state = { number, isIdempotent: true, remainingMs: call.deadlineAt - world.now };
        const next = decideRetry(this.#retries, outcome, state, this.#budget, world.now, rng());
        if (next.kind === "stop") settle(next.reason === "budget" || next.reason === "max" ? "spent" : "unavailable");
        else world.after(next.afterMs, () => attempt(number + 1));
      });
    };
    attempt(1);
  }

  /** Hedges as workers/call/hedge.ts does. */
  #hedged(call: Call, number: number, tried: Set<string>, end: (outcome: Outcome) => void): void {
    const { world } = this.#wiring;
    const hedger = this.#hedger;
    if (hedger === undefined || number > 1) return void this.#redirected(call, tried, end);
    const startedAt = world.now;
    const permit = this.#hedgeGuard.begin(startedAt, call.deadlineAt);
    let [isOver, failed, inFlight] = [false, 0, 1];
    const stops: (() => void)[] = [];
    const ended = (own: number, outcome: Outcome): void => {
      if (isOver || (outcome !== "succeeded" && ++failed < inFlight)) return;
      isOver = true;
      for (const [index, stop] of stops.entries()) if (index !== own) stop();
      hedger.end(world.now - startedAt, inFlight === 2 ? own === 1 : undefined);
      this.#hedgeGuard.end(permit, outcome !== "succeeded");
      end(outcome);
    };
    stops.push(this.#redirected(call, tried, (outcome) => ended(0, outcome)));
    const delayMs = hedger.start();
    if (delayMs === undefined || startedAt + delayMs >= call.deadlineAt) return;
    world.after(delayMs, () => {
      if (isOver) return;
      const mayHedge = this.#wiring.isGuarded === false || (hedger.take(world.now) && this.#budget.take(world.now));
      if (!mayHedge) return;
      inFlight = 2;
      this.hedges += 1;
      stops.push(this.#redirected({ ...call, isChained: true }, tried, (outcome) => ended(1, outcome)));
    });
  }

  /** Redirects as upstream/send.ts does: a hot server may refuse once. @returns a function that ends the attempt */
  #redirected(call: Call, tried: Set<string>, end: (outcome: Outcome) => void): () => void {
    let stop = (): void => undefined;
    stop = this.#sent(call, tried, true, (outcome) => {
      if (outcome !== "redirected") return end(outcome);
      this.attempts -= 1; // no work was done for it
      stop = this.#sent(call, tried, false, (second) => end(second as Outcome));
    });
    return () => stop();
  }

  /** Sends one attempt as upstream/pool.ts does. @returns a function that gives the attempt up */
  #sent(call: Call, tried: Set<string>, mayRedirect: boolean, end: (outcome: Outcome | "redirected") => void): () => void {
    const { world, rng, servers, meanWorkMs, straggles } = this.#wiring;
    const sentAt = world.now;
    const nothing = (): void => undefined;
    this.#exchange();
    const result = this.fleet.pick({ method: 0, key: 0, now: sentAt, rng: rng, tried });
    if (result.kind !== "picked") {
      this.#refused(result, end);
      return nothing;
    }
    const { id, admission, isRepeated } = result;
    tried.add(id);
    this.attempts += 1;
    const server = servers[Number(id)]!;
    const permit = this.fleet.begin(id, sentAt, call.deadlineAt)!;
    const medianMs = mayRedirect ? this.fleet.medianMs(sentAt) : 0;
    let isOver = false;
    let stopAtServer = nothing;
    const over = (how: "succeeded" | "failed" | "late" | "dropped"): boolean => {
      if (isOver) return false;
      isOver = true;
      const ended = { permit, admission, now: world.now, random: rng(), isRepeated };
      if (how === "dropped") this.fleet.drop(id, ended);
      else if (how === "succeeded") this.fleet.succeeded(id, ended);
      else
        this.fleet.failed(
          id,
          ended,
          call.deadlineAt - call.receivedAt,
          how === "failed" || Math.round(world.now - sentAt) >= MIN_EVIDENCE_MS,
        );
      if (how === "failed" || how === "late") this.failures += 1;
      this.#reportNews(id);
      return true;
    };
    const late = (): void => {
      if (over(world.now < call.deadlineAt ? "failed" : "late")) end({ code: "deadline_exceeded", wasSent: true, pushbackMs: undefined });
      stopAtServer();
    };
    world.at(Math.min(call.deadlineAt, admission.probe === undefined ? call.deadlineAt : sentAt + PROBE_MS), late);
    world.after(this.#travelMs(), () => {
      if (isOver && server.setting.stops) return;
      const predictedMs = server.predictedMs(meanWorkMs);
      server.medianMs = updateMedian(server.medianMs, medianMs);
      const host = { inFlight: server.inFlight, cores: server.setting.cores, predictedMs };
      const back = (act: () => void): void =>
        world.after(this.#travelMs() + (straggles?.(rng) ?? 0), () => {
          this.fleet.report(id, { predictedMs }, permit, world.now);
          act();
        });
      if (server.fault === "none" && isHot(host, medianMs > 0 ? server.medianMs : 0))
        return back(() => over("dropped") && end("redirected"));
      const honorsPushback = this.#mechanisms.isChainStopped;
      const respond = (response: ServerResponse): void =>
        back(() => {
          if (over(response === "ok" ? "succeeded" : "failed"))
            end(
              response === "ok"
                ? "succeeded"
                : { code: "unavailable", wasSent: true, pushbackMs: response === "spent" && honorsPushback ? -1 : undefined },
            );
        });
      stopAtServer = server.take({ workMs: call.workMs, deadlineAt: call.deadlineAt, isChained: call.isChained, respond });
    });
    return () => {
      over("dropped");
      stopAtServer();
    };
  }

  /** Refusals of the gateway itself are not retried. */
  #refused(result: PickResult, end: (outcome: Outcome) => void): void {
    this.#wiring.world.after(0, () => end({ code: result.kind, wasSent: false, pushbackMs: undefined }));
  }

  #travelMs(): number {
    return 2 - 0.5 * Math.log(1 - this.#wiring.rng());
  }

  /** Reports as workers/gateway/upstream/breaker-reports.ts does. */
  #reportNews(id: string): void {
    const { world, rng } = this.#wiring;
    const urgency = this.fleet.localBreakers.urgencyOf(id);
    if (urgency === "probe") this.#schedule.require(world.now);
    else if (urgency === "news") this.#schedule.hurry(world.now, rng());
    this.#exchange();
  }

  /** Exchanges as workers/gateway/background/exchange.ts does: 10 ms to the relay and back, 10 to 50 ms from there to the Durable Object. */
  #exchange(): void {
    const { world, rng, durableObject, name, location } = this.#wiring;
    if (durableObject === undefined || this.#mechanisms.breaker !== "shared") return;
    const sentAt = world.now;
    if (!this.#schedule.hasStarted) this.#schedule.start(sentAt, rng());
    if (!this.#schedule.isDue(sentAt) || sentAt - this.#exchangedAt < EXCHANGE_TIMEOUT_MS) return;
    this.#exchangedAt = sentAt;
    this.#schedule.sent();
    const reports = this.fleet.localBreakers.takeReports(sentAt);
    const request = {
      ...{ version: EXCHANGE_VERSION, isolate: name, location, shards: 1, isFirst: false, intervalMs: EXCHANGE_MS },
      ...(Object.keys(reports).length === 0 ? {} : { breakers: { upstream: { reports, policy: BREAKER } } }),
    };
    const travelMs = 5 + 20 * rng();
    world.after(RELAY_MS, () =>
      durableObject.exchange(request, travelMs, ({ nextMs, earlyMs, breakers }) =>
        world.after(RELAY_MS, () => {
          this.#exchangedAt = Number.NEGATIVE_INFINITY;
          const views = breakers?.["upstream"];
          if (views !== undefined) this.fleet.localBreakers.applyViews(views, sentAt, world.now);
          this.#schedule.succeeded(sentAt, nextMs, earlyMs, rng());
          this.#exchange();
        }),
      ),
    );
  }
}
