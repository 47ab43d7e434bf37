// The whole path of metrics by a given clock: isolates, relays and `Telemetry` that restart, and messages that are lost, late, or sent twice.
// What arrives is what was reported, once each; what is missing is counted.
import { expect, it } from "vitest";
import type { BatchReply, MetricsBatch, MetricsView, SentReport } from "../../core/exchange/metrics/metrics-messages.ts";
import { RelayedMetrics } from "../../core/exchange/metrics/relayed-metrics.ts";
import { IsolateMetrics } from "../../core/metrics/isolate-metrics.ts";
import { recordFrom, recordText } from "../../core/telemetry/record-text.ts";
import { TelemetryState } from "../../core/telemetry/telemetry-state.ts";
import { randomStream } from "../simulation/simulation.ts";

const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);
const STEPS = 600; // seconds
const RELAYS = 3;
const ISOLATES = 8;

interface Late<T> {
  readonly at: number; // epoch ms
  readonly message: T;
}

class Isolate {
  readonly metrics: IsolateMetrics;
  readonly sentAt = new Map<number, number>();
  readonly relay: number;

  constructor(number: number) {
    this.metrics = new IsolateMetrics(() => `isolate-${number}`);
    this.relay = number % RELAYS;
  }

  reports(now: number): SentReport[] {
    return structuredClone(this.metrics.reports()).map((report) => {
      const sentAt = this.sentAt.get(report.sequence);
      if (sentAt === undefined) this.sentAt.set(report.sequence, now);
      return { report, ageMs: sentAt === undefined ? 0 : Math.max(1, now - sentAt) };
    });
  }
}

/** Labels of a series that each report alone has, by which it is found again. */
const marks = (state: TelemetryState) => [...state.read(0).series].filter(({ metric }) => metric === "tidegate_cache_lookups");

function run(seed: number, faults: { readonly loss: number; readonly restarts: number; readonly rootRestarts: number }) {
  const random = randomStream(seed);
  const happens = (share: number): boolean => random() < share;
  let now = 1_000_000;
  let boots = 0;
  const newRelay = (number: number, startedAt: number) => new RelayedMetrics(`region/relay-${number}`, `boot-${boots++}`, startedAt);
  const relays = Array.from({ length: RELAYS }, (_, number) => newRelay(number, now - 60_000));
  const isolates = Array.from({ length: ISOLATES }, (_, number) => new Isolate(number));
  let root = new TelemetryState(now);
  let stored = recordText(root.record(now));
  let late: Late<{ readonly relay: number; readonly reports: readonly SentReport[] }>[] = [];
  let sent = 0;

  const exchange = (isolate: Isolate, isFaulty: boolean): void => {
    const reports = isolate.reports(now);
    if (isFaulty && happens(faults.loss)) return; // the request is lost
    if (isFaulty && happens(faults.loss)) {
      late.push({ at: now + random() * 4_000, message: { relay: isolate.relay, reports } }); // it counts as lost, and arrives
      return;
    }
    const view: MetricsView = relays[isolate.relay]!.receive({ reports }, now);
    if (isFaulty && happens(faults.loss)) return; // the response is lost
    isolate.metrics.acknowledged(view.acknowledged);
  };
  const forward = (relay: RelayedMetrics, isFaulty: boolean): void => {
    const latest = relay.isFull ? relay.latest() : undefined;
    if (latest !== undefined) relay.sent(root.receive(structuredClone(latest), now)); // only to learn what is stored
    relay.seal(now);
    for (let batch: MetricsBatch | undefined = relay.unsent(); batch !== undefined; batch = relay.unsent()) {
      if (isFaulty && happens(faults.loss)) return;
      const reply: BatchReply = root.receive(structuredClone(batch), now);
      if (isFaulty && happens(faults.loss)) return;
      relay.sent(reply);
    }
  };
  const store = (): void => {
    const record = root.record(now);
    stored = recordText(record);
    root.stored(record);
  };

  for (let step = 0; step < STEPS; step++) {
    now += 1_000;
    const arriving = late.filter(({ at }) => at <= now);
    late = late.filter(({ at }) => at > now);
    for (const { message } of arriving) relays[message.relay]!.receive({ reports: message.reports }, now);
    for (const [number, isolate] of isolates.entries()) {
      if (!happens(0.2)) continue;
      isolate.metrics.counter("tidegate_cache_lookups", `call-${sent++}`, "l1").add(1);
      isolate.metrics.counter("tidegate_limiter_waits").add(1);
      if (happens(0.7)) exchange(isolates[number]!, true);
    }
    if (step % 2 === 0) for (const relay of relays) forward(relay, true);
    if (step % 10 === 0) store();
    if (happens(faults.restarts)) {
      const number = Math.floor(random() * RELAYS);
      relays[number] = newRelay(number, now);
      late = late.filter(({ message }) => message.relay !== number); // a message to an instance that has ended fails
    }
    if (happens(faults.rootRestarts)) root = new TelemetryState(now, recordFrom(stored));
  }
  // At the end nothing fails any more, and each isolate reports once more.
  for (let round = 0; round < 12; round++) {
    now += 11_000;
    for (const isolate of isolates) {
      if (round === 6) isolate.metrics.counter("tidegate_cache_lookups", `call-${sent++}`, "l1").add(1);
      exchange(isolate, false);
    }
    for (const relay of relays) forward(relay, false);
    store();
  }
  return { root, sent };
}

it.each(SEEDS)("counts every call once where relays and Telemetry run, whatever messages are lost (seed %d)", (seed) => {
  const { root, sent } = run(seed, { loss: 0.2, restarts: 0, rootRestarts: 0 });
  const counted = marks(root);
  expect(counted.every(({ value }) => value === 1)).toBe(true);
  expect([counted.length, root.read(0).lostReports]).toEqual([sent, 0]);
});

it.each(SEEDS)("counts no call twice over restarts, and says how many reports are missing (seed %d)", (seed) => {
  const { root, sent } = run(seed, { loss: 0.2, restarts: 0.02, rootRestarts: 0.02 });
  const counted = marks(root);
  expect(counted.filter(({ value }) => value !== 1)).toEqual([]);
  const { lostReports, series } = root.read(0);
  const total = series.find(({ metric }) => metric === "tidegate_limiter_waits")?.value ?? 0;
  expect(total).toBeLessThanOrEqual(sent);
  expect(lostReports > 0).toBe(counted.length < sent);
  expect(sent - counted.length).toBeLessThan(sent / 3);
});

it.each(SEEDS)("counts every call once over restarts of Telemetry alone (seed %d)", (seed) => {
  const { root, sent } = run(seed, { loss: 0.2, restarts: 0, rootRestarts: 0.05 });
  const counted = marks(root);
  expect([counted.length, counted.filter(({ value }) => value !== 1), root.read(0).lostReports]).toEqual([sent, [], 0]);
});
