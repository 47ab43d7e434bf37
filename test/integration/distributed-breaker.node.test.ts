// The distributed breaker: isolates, their Durable Object with restarts, and a network that loses, duplicates and delays messages.
import { describe, expect, it } from "vitest";
import type { BreakerAdmission } from "../../core/breaker/admission.ts";
import { LocalBreakers } from "../../core/breaker/local-breakers.ts";
import type { BreakerView, IsolateReport } from "../../core/breaker/report.ts";
import { CLOSED, receiveReport, type SharedBreaker } from "../../core/breaker/shared-breaker.ts";
import { restore, toStored } from "../../core/breaker/stored-breaker.ts";
import { BREAKER } from "../../core/config/breaker.ts";
import { randomStream, World } from "../simulation/simulation.ts";

interface Setting {
  readonly isolates: number;
  readonly locations: number;
  readonly loss: number;
  readonly crashes: number;
  /** Whether a call of this isolate fails now. */
  readonly isFaulty: (now: number, isolate: number) => boolean;
  readonly seconds: number;
}

interface Run {
  readonly mostProbes: number; // granted probes in flight at once and not expired
  readonly opened: number[]; // when the Durable Object opened it, ms
  readonly refusedAt: (isolate: number, from: number, to: number) => number; // share of the calls of an isolate that were refused
  readonly versions: number[];
}

const ENDPOINT = "e";

function simulate(setting: Setting, seed: number): Run {
  const world = new World();
  const random = randomStream(seed);
  const policy = { ...BREAKER, openMs: 2_000 };
  let shared: SharedBreaker = CLOSED;
  const inFlight = new Map<string, number>(); // when the probe ends at its isolate, ms
  let mostProbes = 0;
  const opened: number[] = [];
  const versions: number[] = [];
  const calls: { at: number; isolate: number; isRefused: boolean }[] = [];
  const travel = (): number => 5 + random() * (random() < 0.1 ? 2_000 : 100);

  const receive = (report: IsolateReport, respond: (view: ReturnType<typeof receiveReport>[1]) => void): void => {
    const before = shared.kind;
    const [after, view] = receiveReport(shared, report, policy, world.now);
    shared = after;
    versions.push(view.version);
    if (before !== "open" && after.kind === "open") opened.push(world.now);
    if (random() >= setting.loss) world.after(travel(), () => respond(view));
  };
  for (let crash = 0; crash < setting.crashes; crash++) {
    world.at(random() * setting.seconds * 1_000, () => {
      shared = restore(toStored(shared), world.now);
    });
  }
  for (let index = 0; index < setting.isolates; index++) {
    const breakers = new LocalBreakers(policy);
    const breaker = breakers.get(ENDPOINT);
    const reporter = { isolate: `i${index}`, location: `L${index % setting.locations}` };
    const sendReport = (): void => {
      const sentAt = world.now;
      const report = breakers.takeReports(sentAt, ENDPOINT)?.[ENDPOINT];
      if (report === undefined || random() < setting.loss) return;
      const copies = random() < 0.05 ? 2 : 1;
      const applyView = (view: BreakerView): void => breakers.applyViews({ [ENDPOINT]: view }, sentAt, world.now);
      for (let copy = 0; copy < copies; copy++) world.after(travel(), () => receive({ ...reporter, ...report }, applyView));
    };
    const call = (): void => {
      world.after(-Math.log(1 - random()) * 100, call);
      const now = world.now;
      const admission: BreakerAdmission = breaker.admit(now, random());
      calls.push({ at: now, isolate: index, isRefused: admission.kind === "refused" });
      sendReport();
      if (admission.kind === "refused") return;
      const { probe } = admission;
      if (probe !== undefined && probe.id !== 0) {
        const id = `${index}/${probe.version}/${probe.id}`;
        inFlight.set(id, probe.endsAt);
        const alive = [...inFlight.values()].filter((endsAt) => endsAt > now).length;
        mostProbes = Math.max(mostProbes, alive);
        world.at(probe.endsAt, () => inFlight.delete(id)); // aborted by its isolate
      }
      const tookMs = random() < 0.02 ? 4_000 : 20;
      world.after(tookMs, () => {
        if (probe !== undefined) inFlight.delete(`${index}/${probe.version}/${probe.id}`);
        breaker.record(admission, setting.isFaulty(world.now, index) ? "failed" : "succeeded", tookMs, world.now, random());
        breakers.update(breaker, world.now);
        sendReport();
      });
    };
    world.at(random() * 100, call);
  }
  world.run(setting.seconds * 1_000);
  const refusedAt = (isolate: number, from: number, to: number): number => {
    const own = calls.filter((one) => one.isolate === isolate && one.at >= from && one.at < to);
    return own.filter(({ isRefused }) => isRefused).length / Math.max(1, own.length);
  };
  return { mostProbes, opened, refusedAt, versions };
}

const ALL_FAIL: Setting = {
  isolates: 24,
  locations: 4,
  loss: 0.05,
  crashes: 0,
  isFaulty: (now) => now > 5_000 && now < 30_000,
  seconds: 90,
};
const SEEDS = [1, 2, 3, 4, 5, 6];

describe("a breaker that isolates share", () => {
  it.each(SEEDS)("opens everywhere, sends at most three probes, and is closed again when the upstream is healthy (seed %d)", (seed) => {
    const run = simulate(ALL_FAIL, seed);
    expect(run.opened[0]!).toBeGreaterThan(5_000);
    expect(run.opened[0]!).toBeLessThan(9_000);
    expect(run.mostProbes).toBeLessThanOrEqual(BREAKER.probes);
    for (let isolate = 0; isolate < ALL_FAIL.isolates; isolate++) {
      expect(run.refusedAt(isolate, 12_000, 28_000)).toBeGreaterThan(0.8);
      expect(run.refusedAt(isolate, 80_000, 90_000)).toBe(0); // open for 16 s more at most, and a ramp of 10 s
    }
  });

  it.each(SEEDS)("sends no more probes over restarts of the Durable Object, and recovers (seed %d)", (seed) => {
    const run = simulate({ ...ALL_FAIL, crashes: 8, loss: 0.2, seconds: 120 }, seed);
    expect(run.mostProbes).toBeLessThanOrEqual(BREAKER.probes);
    for (let isolate = 0; isolate < ALL_FAIL.isolates; isolate++) expect(run.refusedAt(isolate, 110_000, 120_000)).toBe(0);
  });

  it.each(SEEDS)("opens for no other isolate by the reports of one isolate or one location (seed %d)", (seed) => {
    const one = simulate({ ...ALL_FAIL, isFaulty: (now, isolate) => now > 5_000 && isolate === 0 }, seed);
    expect(one.opened).toEqual([]);
    expect(one.refusedAt(1, 0, 60_000)).toBe(0);
    expect(one.refusedAt(0, 10_000, 60_000)).toBeGreaterThan(0.5); // its own evidence is enough for itself
    const location = simulate({ ...ALL_FAIL, isFaulty: (now, isolate) => now > 5_000 && isolate % 4 === 1 }, seed);
    expect(location.opened).toEqual([]);
    expect(location.refusedAt(2, 0, 60_000)).toBe(0);
  });
});
