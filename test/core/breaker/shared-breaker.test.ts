// The distributed breaker as a whole: isolates, their object, a network that loses, doubles and delays, crashes of the object.
import { describe, expect, it } from "vitest";
import type { BreakerAdmission } from "../../../core/breaker/local-breaker.ts";
import { LocalBreakers } from "../../../core/breaker/local-breakers.ts";
import {
  type BreakerView,
  CLOSED,
  force,
  type IsolateReport,
  PROBE_MS,
  receiveReport,
  restore,
  type SharedBreaker,
} from "../../../core/breaker/shared-breaker.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import { randomStream, World } from "../../simulation/simulation.ts";

interface Setting {
  readonly isolates: number;
  readonly locations: number;
  readonly loss: number;
  readonly crashes: number;
  /** Whether a call of this isolate fails now. */
  readonly isFaulty: (now: number, isolate: number) => boolean;
  readonly seconds: number;
}

interface Seen {
  readonly mostProbes: number; // of the object's, under way at once and not void
  readonly opened: number[]; // when the object opened it, ms
  readonly refusedAt: (isolate: number, from: number, to: number) => number; // share of its calls that were refused
  readonly versions: number[];
}

const ENDPOINT = "e";

function simulate(setting: Setting, seed: number): Seen {
  const world = new World();
  const roll = randomStream(seed);
  const policy = { ...BREAKER, openMs: 2_000 };
  let shared: SharedBreaker = CLOSED;
  const underWay = new Map<string, number>(); // probe: when it is void at its isolate
  let mostProbes = 0;
  const opened: number[] = [];
  const versions: number[] = [];
  const calls: { at: number; isolate: number; isRefused: boolean }[] = [];
  const travel = (): number => 5 + roll() * (roll() < 0.1 ? 2_000 : 100);

  const atObject = (report: IsolateReport, answer: (view: ReturnType<typeof receiveReport>[1]) => void): void => {
    const before = shared.kind;
    const [after, view] = receiveReport(shared, report, policy, world.now);
    shared = after;
    versions.push(view.version);
    if (before !== "open" && after.kind === "open") opened.push(world.now);
    if (roll() >= setting.loss) world.after(travel(), () => answer(view));
  };
  for (let crash = 0; crash < setting.crashes; crash++) {
    world.at(roll() * setting.seconds * 1_000, () => {
      const { version, kind, until, opens, forced, nextToken } = shared;
      shared = restore({ version, kind, until, opens, forced, nextToken }, world.now);
    });
  }
  for (let index = 0; index < setting.isolates; index++) {
    const panel = new LocalBreakers(policy);
    const breaker = panel.get(ENDPOINT);
    const by = { isolate: `i${index}`, location: `L${index % setting.locations}` };
    const tell = (): void => {
      const sentAt = world.now;
      const seen = panel.takeReports(sentAt, ENDPOINT)?.[ENDPOINT];
      if (seen === undefined || roll() < setting.loss) return;
      const copies = roll() < 0.05 ? 2 : 1;
      const hear = (view: BreakerView): void => panel.applyViews({ [ENDPOINT]: view }, sentAt, world.now);
      for (let copy = 0; copy < copies; copy++) world.after(travel(), () => atObject({ ...by, ...seen }, hear));
    };
    const call = (): void => {
      world.after(-Math.log(1 - roll()) * 100, call);
      const now = world.now;
      const admission: BreakerAdmission = breaker.admit(now, roll());
      calls.push({ at: now, isolate: index, isRefused: admission.kind === "refused" });
      tell();
      if (admission.kind === "refused") return;
      const { probe } = admission;
      if (probe !== undefined && probe.id !== 0) {
        const id = `${index}/${probe.version}/${probe.id}`;
        underWay.set(id, probe.endsAt);
        const alive = [...underWay.values()].filter((endsAt) => endsAt > now).length;
        mostProbes = Math.max(mostProbes, alive);
        world.at(probe.endsAt, () => underWay.delete(id)); // ended by its isolate
      }
      const tookMs = roll() < 0.02 ? 4_000 : 20;
      world.after(tookMs, () => {
        if (probe !== undefined) underWay.delete(`${index}/${probe.version}/${probe.id}`);
        breaker.record(admission, setting.isFaulty(world.now, index) ? "failed" : "succeeded", tookMs, world.now, roll());
        panel.update(breaker, world.now);
        tell();
      });
    };
    world.at(roll() * 100, call);
  }
  world.run(setting.seconds * 1_000);
  const refusedAt = (isolate: number, from: number, to: number): number => {
    const own = calls.filter((one) => one.isolate === isolate && one.at >= from && one.at < to);
    return own.filter(({ isRefused }) => isRefused).length / Math.max(1, own.length);
  };
  return { mostProbes, opened, refusedAt, versions };
}

const everybody: Setting = {
  isolates: 24,
  locations: 4,
  loss: 0.05,
  crashes: 0,
  isFaulty: (now) => now > 5_000 && now < 30_000,
  seconds: 90,
};
const SEEDS = [1, 2, 3, 4, 5, 6];

describe("a breaker that isolates share", () => {
  it.each(SEEDS)("opens everywhere, lets at most three probes through, and is closed again when the upstream is well (seed %d)", (seed) => {
    const seen = simulate(everybody, seed);
    expect(seen.opened[0]!).toBeGreaterThan(5_000);
    expect(seen.opened[0]!).toBeLessThan(9_000);
    expect(seen.mostProbes).toBeLessThanOrEqual(BREAKER.probes);
    for (let isolate = 0; isolate < everybody.isolates; isolate++) {
      expect(seen.refusedAt(isolate, 12_000, 28_000)).toBeGreaterThan(0.8);
      expect(seen.refusedAt(isolate, 80_000, 90_000)).toBe(0); // never stuck: open at most 16 s more, and 10 s of ramp
    }
  });

  it.each(SEEDS)("keeps to its probes over crashes of the object, too, and recovers (seed %d)", (seed) => {
    const seen = simulate({ ...everybody, crashes: 8, loss: 0.2, seconds: 120 }, seed);
    expect(seen.mostProbes).toBeLessThanOrEqual(BREAKER.probes);
    for (let isolate = 0; isolate < everybody.isolates; isolate++) expect(seen.refusedAt(isolate, 110_000, 120_000)).toBe(0);
  });

  it.each(SEEDS)("opens for nobody else on the word of one isolate, or of one location (seed %d)", (seed) => {
    const one = simulate({ ...everybody, isFaulty: (now, isolate) => now > 5_000 && isolate === 0 }, seed);
    expect(one.opened).toEqual([]);
    expect(one.refusedAt(1, 0, 60_000)).toBe(0);
    expect(one.refusedAt(0, 10_000, 60_000)).toBeGreaterThan(0.5); // its own evidence is enough for itself
    const place = simulate({ ...everybody, isFaulty: (now, isolate) => now > 5_000 && isolate % 4 === 1 }, seed);
    expect(place.opened).toEqual([]);
    expect(place.refusedAt(2, 0, 60_000)).toBe(0);
  });

  it("hears a report once, however often it comes", () => {
    const report: IsolateReport = { isolate: "a", location: "AMS", sequence: 1, calls: 10, failures: 10, isOpen: false, wantsProbe: false };
    const [once] = receiveReport(CLOSED, report, BREAKER, 0);
    const [twice] = receiveReport(once, report, BREAKER, 1);
    expect(twice.evidence.get("a")?.failures).toBe(10);
  });

  it("takes no word of a probe that it did not grant, or of an older version", () => {
    const half: SharedBreaker = { ...CLOSED, kind: "half", version: 7, tokens: new Map([[4, PROBE_MS]]) };
    const report: IsolateReport = { isolate: "a", location: "AMS", sequence: 1, calls: 1, failures: 1, isOpen: true, wantsProbe: false };
    const told = (probe: NonNullable<IsolateReport["probe"]>) => receiveReport(half, { ...report, probe }, BREAKER, 1)[0].kind;
    expect(told({ version: 6, id: 4, succeeded: false })).toBe("half");
    expect(told({ version: 7, id: 5, succeeded: false })).toBe("half");
    expect(told({ version: 7, id: 4, succeeded: false })).toBe("open");
  });

  it("does what an operator says until he takes it back", () => {
    const report: IsolateReport = { isolate: "a", location: "AMS", sequence: 1, calls: 0, failures: 0, isOpen: false, wantsProbe: true };
    const open = force(CLOSED, "open");
    expect(receiveReport(open, report, BREAKER, 0)[1]).toMatchObject({ kind: "open", admit: 0, version: 2 });
    expect(receiveReport(force(open, undefined), report, BREAKER, 1)[1]).toMatchObject({ kind: "closed", admit: 1, version: 3 });
  });
});
