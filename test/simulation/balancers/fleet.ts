// Isolates, servers and calls: one run of one balancer under one load, and the outcome for the callers.
import type { Balancer, Candidate } from "../../../core/balance/balancer.ts";
import { Load } from "../../../core/balance/load.ts";
import { Budget } from "../../../core/budget.ts";
import { isHot, MAX_REDIRECTS, medianOf, REDIRECT_BUDGET, updateMedian } from "../../../core/overload/redirect.ts";
import { randomStream, World } from "../simulation.ts";
import { Server } from "./server.ts";

export interface Setting {
  readonly isolates: number;
  readonly load: number; // share of the mean capacity
  readonly seconds: number;
  readonly failing?: number; // index of a server that responds at once, with an error
  readonly methods?: readonly { readonly share: number; readonly workMs: number }[]; // the mean of all is MEAN_WORK_MS; work within a method varies by a third
}

/** A balancer of the core for each isolate, or an oracle that knows the true state of the servers. */
export type Variant = { readonly redirects?: boolean; readonly isMeasured?: boolean } & (
  | { readonly create: (candidates: readonly Candidate[]) => Balancer }
  | { readonly oracle: (servers: readonly Server[]) => number }
);

export interface SimulatedOutcome {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly errors: number; // share of the calls
  readonly messages: number; // per call
  readonly peakToMean: number; // responses of the busiest server over the mean, relative to speed
}

interface Isolate {
  readonly redirectBudget: Budget;
  readonly candidates: readonly Candidate[];
  readonly balancer: Balancer | undefined;
}

const SPEEDS = [...Array(12).fill(1), ...Array(5).fill(0.5), ...Array(3).fill(0.25)] as readonly number[];
const MEAN_WORK_MS = 20;
const TIMEOUT_MS = 1_000;
const MAX_AT_SERVER = 64;
const DISTURBED = 1 - (0.6 * 2) / 12; // mean share of a server's speed: x 0.4 for 2 s of 12
const WARM_UP_MS = 10_000;

export function run(setting: Setting, variant: Variant, seed: number): SimulatedOutcome {
  const world = new World();
  const stream = (index: number): (() => number) => randomStream(seed * 16 + index); // one stream each, so that all variants get the same calls
  const [arrivals, works, weather, picks, net] = [stream(1), stream(2), stream(3), stream(4), stream(5)];
  const exponential = (rng: () => number, mean: number): number => -mean * Math.log(1 - rng());
  const servers = SPEEDS.map((speed) => new Server(world, speed, variant.isMeasured === true));
  const responses = servers.map(() => 0);
  const end = WARM_UP_MS + setting.seconds * 1_000;
  const newIsolate = (): Isolate => {
    const candidates = servers.map((_, index) => ({ id: `server-${index}`, weight: 1, load: new Load() }));
    return {
      redirectBudget: new Budget(REDIRECT_BUDGET),
      candidates,
      balancer: "create" in variant ? variant.create(candidates) : undefined,
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
  let failed = 0;
  let sent = 0;
  const capacity = SPEEDS.reduce((sum, speed) => sum + speed * 4, 0) * DISTURBED - 4 * 0.8 * 0.25; // mean over the run
  const perMs = (setting.load * capacity) / MEAN_WORK_MS;
  arrive();
  function arrive(): void {
    world.after(exponential(arrivals, 1 / perMs), () => {
      const where = arrivals() * cumulative.at(-1)!;
      let index = 0;
      while (cumulative[index]! < where) index++;
      const { methods } = setting;
      if (methods === undefined) call(isolates[index]!, exponential(works, MEAN_WORK_MS), 0);
      else {
        let [rest, method] = [works(), 0];
        while (rest >= methods[method]!.share && method < methods.length - 1) rest -= methods[method++]!.share;
        call(isolates[index]!, methods[method]!.workMs * (0.67 + 0.66 * works()), method);
      }
      if (world.now < end) arrive();
    });
  }

  function call(isolate: Isolate, workMs: number, method: number): void {
    const startedAt = world.now;
    const isCounted = startedAt >= WARM_UP_MS;
    const settle = (isFailure: boolean): void => {
      if (!isCounted) return;
      times.push(isFailure ? TIMEOUT_MS : world.now - startedAt);
      failed += isFailure ? 1 : 0;
    };
    isolate.redirectBudget.earn();
    attempt(isolate, workMs, method, [], startedAt, isCounted, settle);
  }

  function attempt(
    isolate: Isolate,
    workMs: number,
    method: number,
    redirectedFrom: readonly number[],
    startedAt: number,
    isCounted: boolean,
    settle: (isFailure: boolean) => void,
  ): void {
    const input = { key: 0, method, now: world.now, rng: picks, isEligible: (index: number) => !redirectedFrom.includes(index) };
    const index = "oracle" in variant ? variant.oracle(servers) : isolate.balancer!.pick(input);
    const server = servers[index]!;
    const { load } = isolate.candidates[index]!;
    const permit = load.begin(world.now, startedAt + TIMEOUT_MS, isolate.balancer?.costOf?.(method) ?? 1);
    const sentAt = world.now;
    const mayRedirect = variant.redirects === true && redirectedFrom.length < MAX_REDIRECTS && !isolate.redirectBudget.isSpent(world.now);
    const reportedMs = mayRedirect ? medianOf(isolate.candidates.map((one) => one.load.reportedMs)) : 0;
    if (isCounted) sent += 1;
    let isOver = false;
    const finish = (isFailure: boolean): void => {
      if (isOver) return;
      isOver = true;
      const unitMs = load.averageMs;
      if (!isFailure && unitMs > 0) isolate.balancer?.learn?.(method, (world.now - sentAt) / unitMs);
      load.end(permit, world.now, isFailure ? TIMEOUT_MS : world.now - sentAt);
      if (isFailure) load.distrustReport();
      settle(isFailure);
    };
    world.at(startedAt + TIMEOUT_MS, () => finish(true));
    server.underway += 1;
    world.after(2 + exponential(net, 0.5), () => {
      server.underway -= 1;
      const predictedMs = server.predictedMs(MEAN_WORK_MS);
      const arrivedAt = world.now;
      server.minuteAverage.add(predictedMs, arrivedAt);
      server.medianMs = updateMedian(server.medianMs, reportedMs);
      const back = (act: () => void, hasWorked = false): void => {
        const report = {
          predictedMs: server.predictedMs(MEAN_WORK_MS),
          usualMs: server.minuteAverage.ms,
          ...(hasWorked ? { tookMs: world.now - arrivedAt } : {}),
        };
        world.after(2 + exponential(net, 0.5), () => {
          if (variant.redirects === true) load.report(report, world.now, world.now - sentAt);
          act();
        });
      };
      if (index === setting.failing || server.inFlight >= MAX_AT_SERVER) return back(() => finish(true));
      if (isHot({ inFlight: server.inFlight, cores: server.cores, predictedMs }, mayRedirect ? server.medianMs : 0)) {
        return back(() => {
          if (isOver) return;
          isOver = true;
          load.drop(permit);
          isolate.redirectBudget.charge();
          attempt(isolate, workMs, method, [...redirectedFrom, index], startedAt, isCounted, settle);
        });
      }
      server.add(workMs, () => {
        if (isCounted) responses[index]! += 1;
        back(() => finish(false), true);
      });
    });
  }

  world.run(end + 2 * TIMEOUT_MS);
  times.sort((a, b) => a - b);
  const at = (quantile: number): number => times[Math.min(times.length - 1, Math.floor(times.length * quantile))]!;
  const forSpeed = responses.map((count, index) => count / SPEEDS[index]!);
  return {
    p50: at(0.5),
    p99: at(0.99),
    p999: at(0.999),
    errors: failed / times.length,
    messages: sent / times.length,
    peakToMean: Math.max(...forSpeed) / (forSpeed.reduce((sum, one) => sum + one, 0) / forSpeed.length),
  };
}
