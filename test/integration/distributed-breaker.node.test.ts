// The distributed breaker: isolates, relays, their Durable Object with restarts, and a network that loses, duplicates and delays messages.
import { describe, expect, it } from "vitest";
import type { BreakerAdmission } from "../../core/breaker/admission.ts";
import { LocalBreakers } from "../../core/breaker/local-breakers.ts";
import type { BreakerView } from "../../core/breaker/report.ts";
import { CLOSED } from "../../core/breaker/shared-breaker.ts";
import { receiveBatch, type SharedBreakers } from "../../core/breaker/shared-breakers.ts";
import { restore, toStored } from "../../core/breaker/stored-breaker.ts";
import { BREAKER } from "../../core/config/breaker.ts";
import { ExchangeSchedule } from "../../core/exchange/exchange-schedule.ts";
import { EXCHANGE_MS, type ExchangeRequest } from "../../core/exchange/messages.ts";
import { type BreakerRequest, RelayedBreakers } from "../../core/exchange/relayed-breakers.ts";
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
  let shared: SharedBreakers = new Map();
  const inFlight = new Map<string, number>(); // when the probe ends at its isolate, ms
  let mostProbes = 0;
  const opened: number[] = [];
  const versions: number[] = [];
  const calls: { at: number; isolate: number; isRefused: boolean }[] = [];
  const travel = (): number => 5 + random() * (random() < 0.1 ? 2_000 : 100);
  const isLost = (): boolean => random() < setting.loss;
  const copies = (): number => (random() < 0.05 ? 2 : 1);
  const relays = Array.from({ length: setting.locations }, () => new RelayedBreakers("u")); // one in each location

  /** A batch of a relay at the Durable Object; the relay gets the response, unless that is lost. */
  const receive = (relay: RelayedBreakers, request: BreakerRequest, ended: () => void): void => {
    const before = shared.get(ENDPOINT)?.kind;
    const [after, views] = receiveBatch(shared, request.batch, policy, world.now);
    shared = after;
    const breaker = after.get(ENDPOINT) ?? CLOSED;
    versions.push(breaker.version);
    if (before !== "open" && breaker.kind === "open") opened.push(world.now);
    if (isLost()) return;
    world.after(travel(), () => {
      relay.apply(request, views);
      ended();
    });
  };

  /** An exchange at a relay: the reply is sent when the Durable Object has responded, or 1.5 s later. */
  const exchange = (
    relay: RelayedBreakers,
    request: ExchangeRequest,
    respond: (view: BreakerView | undefined, nextMs: number) => void,
  ): void => {
    const { reports } = request.breakers!["u"]!;
    const receivedAt = world.now;
    let isOver = false;
    const reply = (): void => {
      if (isOver) return;
      isOver = true;
      const nextMs = relay.isSettled(reports, EXCHANGE_MS, world.now) ? EXCHANGE_MS : 1_000;
      const view = relay.viewsFor(request.isolate, receivedAt, world.now)[ENDPOINT];
      if (!isLost()) world.after(travel(), () => respond(view, nextMs));
    };
    const due = relay.receive(request, { reports, policy }, receivedAt);
    if (due === undefined) {
      reply();
      return;
    }
    world.after(1_500, reply);
    if (isLost()) return;
    for (let copy = copies(); copy > 0; copy--) world.after(travel(), () => receive(relay, due, reply));
  };
  for (let crash = 0; crash < setting.crashes; crash++) {
    world.at(random() * setting.seconds * 1_000, () => {
      shared = new Map([...shared].map(([endpoint, one]) => [endpoint, restore(toStored(one), world.now)]));
      relays[Math.floor(random() * relays.length)] = new RelayedBreakers("u");
    });
  }
  for (let index = 0; index < setting.isolates; index++) {
    const breakers = new LocalBreakers(policy);
    const breaker = breakers.get(ENDPOINT);
    const schedule = new ExchangeSchedule(EXCHANGE_MS);
    let startedAt = Number.NEGATIVE_INFINITY; // start of the exchange that is under way
    const report = (): void => {
      const sentAt = world.now;
      const urgency = breakers.urgencyOf(ENDPOINT);
      if (!schedule.hasStarted) schedule.start(sentAt, random());
      if (urgency === "probe") schedule.require(sentAt);
      else if (urgency === "news") schedule.hurry(sentAt, random());
      if (!schedule.isDue(sentAt) || sentAt - startedAt < 5_000) return;
      startedAt = sentAt;
      schedule.sent();
      const request: ExchangeRequest = {
        ...{ version: 1, isolate: `i${index}`, location: `L${index % setting.locations}`, shards: 1, isFirst: false },
        ...{ intervalMs: EXCHANGE_MS, breakers: { u: { reports: breakers.takeReports(sentAt), policy } } },
      };
      const applied = (view: BreakerView | undefined, nextMs: number): void => {
        if (view !== undefined) breakers.applyViews({ [ENDPOINT]: view }, sentAt, world.now);
        if (startedAt === sentAt) startedAt = Number.NEGATIVE_INFINITY;
        schedule.succeeded(sentAt, nextMs, 0, random());
      };
      const relay = index % setting.locations;
      if (!isLost()) for (let copy = copies(); copy > 0; copy--) world.after(travel(), () => exchange(relays[relay]!, request, applied));
    };
    const call = (): void => {
      world.after(-Math.log(1 - random()) * 100, call);
      const now = world.now;
      const admission: BreakerAdmission = breaker.admit(now, random());
      calls.push({ at: now, isolate: index, isRefused: admission.kind === "refused" });
      report();
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
        breakers.update(ENDPOINT, world.now);
        report();
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
