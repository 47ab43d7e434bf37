// More calls than servers can take: isolates, hosts that admit, and the outcome for callers of each rank. The world of ../balancers/fleet.ts.

import { leastTime } from "../../../core/balance/algorithms/least-time.ts";
import type { Candidate } from "../../../core/balance/balancer.ts";
import { Load } from "../../../core/balance/load.ts";
import { Budget } from "../../../core/budget.ts";
import { Admission } from "../../../core/overload/admission.ts";
import { CRITICAL, MOST_CRITICAL } from "../../../core/overload/criticality.ts";
import { isHot, MAX_REDIRECTS, medianOf, PROMOTION_BUDGET, REDIRECT_BUDGET, updateMedian } from "../../../core/overload/redirect.ts";
import { isShedAt } from "../../../core/overload/shed-level.ts";
import { Throttle } from "../../../core/overload/throttle.ts";
import { Server } from "../balancers/server.ts";
import { randomStream, World } from "../simulation.ts";

export interface Setting {
  readonly isolates: number;
  readonly load: number; // share of the mean capacity
  readonly seconds: number;
  readonly ranks: readonly number[]; // share of the calls, by rank
}

/** The mechanisms that are on. Without any, calls go to the endpoint that least_time picks, and servers take 64 of them. */
export interface Variant {
  readonly oracle?: boolean; // knows the true state of every server
  readonly redirects?: "freely" | "within_budget";
  readonly admits?: boolean; // hosts admit what can end in time, by level
  readonly honorsLevels?: boolean; // isolates honor the shed levels that hosts report
  readonly throttles?: boolean;
}

export interface Outcome {
  readonly p50: number; // ms, for calls that were served
  readonly p99: number;
  readonly errors: number; // share of the calls
  readonly messages: number; // per call
  readonly served: readonly number[]; // share of the calls, by rank
}

interface Isolate {
  readonly candidates: readonly Candidate[];
  readonly pick: ReturnType<typeof leastTime>["pick"];
  readonly shedLevels: { level: number; until: number }[]; // index: server
  readonly redirects: Budget;
  readonly promotions: Budget; // pays for sending a refused critical call on as critical_plus
  readonly throttle: Throttle;
}

const SPEEDS = [...Array(12).fill(1), ...Array(5).fill(0.5), ...Array(3).fill(0.25)] as readonly number[];
const MEAN_WORK_MS = 20;
const TIMEOUT_MS = 1_000;
const MAX_AT_SERVER = 64;
const DISTURBED = 1 - (0.6 * 2) / 12; // mean share of a server's speed: x 0.4 for 2 s of 12
const WARM_UP_MS = 10_000;
const SHED_LEVEL_VALID_MS = 1_000;
const FLOOR = 4; // calls in flight; a host has as many cores

type Rng = () => number;

export function run(setting: Setting, variant: Variant, seed: number): Outcome {
  const world = new World();
  const stream = (index: number): (() => number) => randomStream(seed * 16 + index); // one stream each, so that all variants get the same calls
  const [arrivals, works, weather, picks, net, levels] = [1, 2, 3, 4, 5, 6].map(stream) as [Rng, Rng, Rng, Rng, Rng, Rng];
  const exponential = (rng: () => number, mean: number): number => -mean * Math.log(1 - rng());
  const servers = SPEEDS.map((speed) => new Server(world, speed));
  const hosts = servers.map(() => new Admission({ max: 10_000, floor: FLOOR }));
  const end = WARM_UP_MS + setting.seconds * 1_000;
  const newIsolate = (): Isolate => {
    const candidates = servers.map((_, index) => ({ id: `server-${index}`, weight: 1, load: new Load() }));
    return {
      candidates,
      pick: leastTime(candidates).pick,
      shedLevels: servers.map(() => ({ level: 0, until: 0 })),
      redirects: new Budget(REDIRECT_BUDGET),
      promotions: new Budget(PROMOTION_BUDGET),
      throttle: new Throttle({ factor: 2, minCalls: 20 }),
    };
  };
  const isolates = Array.from({ length: setting.isolates }, newIsolate);
  const shares = Array.from({ length: setting.isolates }, (_, index) => (index + 1) ** -0.8);
  const cumulative: number[] = [];
  for (const share of shares) cumulative.push((cumulative.at(-1) ?? 0) + share);

  for (const [index] of isolates.entries()) renew(index);
  function renew(index: number): void {
    world.after(exponential(weather, 60_000), () => {
      isolates[index] = newIsolate();
      renew(index);
    });
  }
  for (const server of servers) disturb(server);
  function disturb(server: Server): void {
    world.after(exponential(weather, 10_000), () => {
      server.slow(0.4);
      world.after(exponential(weather, 2_000), () => {
        server.slow(1 / 0.4);
        disturb(server);
      });
    });
  }
  const degraded = servers[3]!; // a fast one, for a quarter of the time
  world.at(WARM_UP_MS + setting.seconds * 300, () => degraded.slow(0.2));
  world.at(WARM_UP_MS + setting.seconds * 550, () => degraded.slow(5));

  const times: number[] = [];
  let sent = 0;
  const calls = setting.ranks.map(() => 0);
  const served = setting.ranks.map(() => 0);
  const capacity = SPEEDS.reduce((sum, speed) => sum + speed * 4, 0) * DISTURBED - 4 * 0.8 * 0.25; // mean over the run
  const perMs = (setting.load * capacity) / MEAN_WORK_MS;
  arrive();
  function arrive(): void {
    world.after(exponential(arrivals, 1 / perMs), () => {
      const where = arrivals() * cumulative.at(-1)!;
      let index = 0;
      while (cumulative[index]! < where) index++;
      let [rest, rank] = [levels(), 0];
      while (rest >= setting.ranks[rank]! && rank < setting.ranks.length - 1) rest -= setting.ranks[rank++]!;
      call(isolates[index]!, exponential(works, MEAN_WORK_MS), rank);
      if (world.now < end) arrive();
    });
  }

  function call(isolate: Isolate, workMs: number, rank: number): void {
    const startedAt = world.now;
    const isCounted = startedAt >= WARM_UP_MS;
    if (isCounted) calls[rank]! += 1;
    const settle = (isServed: boolean): void => {
      if (!isCounted || !isServed) return;
      times.push(world.now - startedAt);
      served[rank]! += 1;
    };
    if (variant.throttles === true && isolate.throttle.refuses(rank, world.now, picks())) return;
    isolate.redirects.earn();
    if (rank >= CRITICAL) isolate.promotions.earn();
    attempt(isolate, { workMs, rank, startedAt, isCounted, settle }, []);
  }

  /** @param tried servers that have refused the call before any work */
  function attempt(isolate: Isolate, call: Call, tried: readonly number[], wasShed = false): void {
    const { workMs, rank, startedAt, isCounted, settle } = call;
    const isRedirectable = tried.length < MAX_REDIRECTS && !wasShed;
    const isAllowed = variant.redirects === "freely" || (variant.redirects === "within_budget" && !isolate.redirects.isSpent(world.now));
    const mayRedirect = isRedirectable && isAllowed;
    const random = picks(); // one number for all hosts, as core/balance/fleet.ts
    const isEligible = (index: number): boolean => {
      const { level, until } = isolate.shedLevels[index]!;
      return !tried.includes(index) && !(variant.honorsLevels === true && until > world.now && isShedAt(level, rank, random));
    };
    const input = { key: 0, now: world.now, rng: picks, isEligible };
    const index = variant.oracle === true ? shortestDelay(servers) : isolate.pick(input);
    if (index === -1) {
      settle(false);
      return;
    }
    const server = servers[index]!;
    const host = hosts[index]!;
    const { load } = isolate.candidates[index]!;
    const permit = load.begin(world.now, startedAt + TIMEOUT_MS);
    const reportedMs = mayRedirect ? medianOf(isolate.candidates.map((one) => one.load.reportedMs)) : 0;
    if (isCounted) sent += 1;
    const sentAt = world.now;
    let isOver = false;
    const finish = (isFailure: boolean): void => {
      if (isOver) return;
      isOver = true;
      load.end(permit, world.now, isFailure ? TIMEOUT_MS : world.now - startedAt);
      isolate.throttle.record(rank, !isFailure, world.now);
      settle(!isFailure);
    };
    /** The server has refused the call: it goes elsewhere, or ends. */
    const elsewhere = (isWithinBudget: boolean, isPromoted: boolean, isShed: boolean): void => {
      if (isOver) return;
      isOver = true;
      load.drop(permit);
      if (isWithinBudget) {
        const { promotedRank: _, ...ordinary } = call;
        attempt(isolate, isPromoted ? { ...call, promotedRank: MOST_CRITICAL } : ordinary, [...tried, index], wasShed || isShed);
        return;
      }
      isolate.throttle.record(rank, false, world.now);
      settle(false);
    };
    /** Whether a critical call goes elsewhere as critical_plus: its second refusal would be its last. */
    const promote = (): boolean => {
      return rank === CRITICAL && !isOver && isolate.promotions.take(world.now);
    };
    world.at(startedAt + TIMEOUT_MS, () => finish(true));
    server.underway += 1;
    world.after(2 + exponential(net, 0.5), () => {
      server.underway -= 1;
      const { now } = world;
      const predictedMs = server.predictedMs(MEAN_WORK_MS);
      server.minuteAverage.add(predictedMs, now);
      server.medianMs = updateMedian(server.medianMs, reportedMs);
      const back = (act: () => void, hasWorked = false): void => {
        const level = host.shedLevel(world.now);
        const took = hasWorked ? { tookMs: world.now - now } : {};
        const report = { predictedMs: server.predictedMs(MEAN_WORK_MS), usualMs: server.minuteAverage.ms, ...took };
        world.after(2 + exponential(net, 0.5), () => {
          load.report(report, world.now, world.now - sentAt);
          isolate.shedLevels[index] = { level, until: world.now + SHED_LEVEL_VALID_MS };
          act();
        });
      };
      if (isHot({ inFlight: server.inFlight, cores: server.cores, predictedMs }, mayRedirect && reportedMs > 0 ? server.medianMs : 0)) {
        return back(() => {
          if (!isOver) isolate.redirects.charge();
          elsewhere(true, promote(), false);
        });
      }
      if (variant.admits !== true && server.inFlight >= MAX_AT_SERVER) return back(() => finish(true));
      const refusal = variant.admits === true ? host.refusal(call.promotedRank ?? rank, startedAt + TIMEOUT_MS - now, now) : undefined;
      if (refusal !== undefined) {
        return back(() => {
          const budget = rank < CRITICAL ? isolate.redirects : isolate.promotions;
          const isWithin = !wasShed && !isOver && budget.take(world.now);
          elsewhere(isWithin, isWithin && rank === CRITICAL, true);
        });
      }
      const hostPermit = host.begin(now, startedAt + TIMEOUT_MS);
      server.add(workMs, () => {
        host.end(hostPermit, world.now, true);
        back(() => finish(false), true);
      });
    });
  }

  world.run(end + 2 * TIMEOUT_MS);
  times.sort((a, b) => a - b);
  const at = (quantile: number): number => times[Math.min(times.length - 1, Math.floor(times.length * quantile))]!;
  const all = calls.reduce((sum, one) => sum + one, 0);
  return {
    p50: at(0.5),
    p99: at(0.99),
    errors: 1 - times.length / all,
    messages: sent / all,
    served: served.map((count, rank) => count / Math.max(1, calls[rank]!)),
  };
}

interface Call {
  readonly workMs: number;
  readonly rank: number;
  readonly promotedRank?: number; // rank that the host sees, where it is higher
  readonly startedAt: number;
  readonly isCounted: boolean;
  readonly settle: (isServed: boolean) => void;
}

/** Knows the true state of every server and the calls on their way, and picks the server where the call ends first: no isolate can. */
function shortestDelay(servers: readonly Server[]): number {
  const delay = ({ inFlight, underway, cores, speed }: Server): number => Math.max(1, (inFlight + underway + 1) / cores) / speed;
  return servers.reduce((best, server, index) => (delay(server) < delay(servers[best]!) ? index : best), 0);
}
