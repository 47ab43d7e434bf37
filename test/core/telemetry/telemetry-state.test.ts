// The totals: each batch counts once, and a restart goes on from what was stored.
import { describe, expect, it } from "vitest";
import type { MetricsBatch } from "../../../core/exchange/metrics/metrics-messages.ts";
import { recordFrom, recordText } from "../../../core/telemetry/record-text.ts";
import { TelemetryState } from "../../../core/telemetry/telemetry-state.ts";

const START = 1_000_000;

function batch(sequence: number, value = 1, fields: Partial<MetricsBatch> = {}): MetricsBatch {
  const series = [{ metric: "calls", labels: ["a"], value }];
  const isolates = [{ boot: "isolate", last: sequence, received: 1 }];
  return { version: 2, relay: "r", boot: "b", sequence, oldest: 1, series, gauges: [], isolates, active: 1, hotKeys: [], ...fields };
}

const callsOf = (state: TelemetryState) => state.read(START).series.reduce((sum, { value = 0 }) => sum + value, 0);

describe("TelemetryState", () => {
  it("takes each batch in once", () => {
    const state = new TelemetryState(START);
    expect(state.receive(batch(1, 5), START)).toEqual({ applied: 1, stored: 0 });
    expect(state.receive(batch(1, 5), START)).toEqual({ applied: 1, stored: 0 });
    expect(state.receive(batch(2, 3), START)).toEqual({ applied: 2, stored: 0 });
    expect([callsOf(state), state.isDirty]).toEqual([8, true]);
    expect(state.read(START)).toMatchObject({ isolates: 1, lostReports: 0, startedAt: START });
  });

  it("says what is stored, from the next batch on", () => {
    const state = new TelemetryState(START);
    state.receive(batch(1), START);
    const record = state.record(START);
    state.receive(batch(2), START);
    state.stored(record);
    expect(state.receive(batch(3), START)).toEqual({ applied: 3, stored: 1 });
  });

  it("requests what a restart has forgotten, and adds nothing up before that", () => {
    const before = new TelemetryState(START);
    before.receive(batch(1, 1), START);
    const text = recordText(before.record(START));
    before.receive(batch(2, 10), START);
    const state = new TelemetryState(START + 60_000, recordFrom(text));
    expect(state.receive(batch(3, 100, { oldest: 2 }), START)).toEqual({ applied: 1, stored: 1 });
    expect(callsOf(state)).toBe(1);
    state.receive(batch(2, 10, { oldest: 2 }), START);
    state.receive(batch(3, 100, { oldest: 2 }), START);
    expect([callsOf(state), state.read(START).startedAt, state.read(START).lostReports]).toEqual([111, START, 0]);
  });

  it("goes on where the relay has no older batch, and counts the reports that are missing", () => {
    const state = new TelemetryState(START);
    expect(state.receive(batch(7, 1, { oldest: 7 }), START)).toEqual({ applied: 7, stored: 0 });
    expect(state.read(START).lostReports).toBe(6);
  });

  it("has the gauges and isolates of relays for 15 s", () => {
    const state = new TelemetryState(START);
    const gauges = [{ metric: "in_flight", labels: [], value: 3 }];
    state.receive(batch(1, 1, { gauges, active: 4 }), START);
    state.receive(batch(1, 1, { relay: "other", boot: "c", gauges, active: 5 }), START + 5_000);
    expect(state.read(START + 5_000)).toMatchObject({ isolates: 9, gauges: [{ value: 6 }] });
    expect(state.read(START + 15_000)).toMatchObject({ isolates: 5, gauges: [{ value: 3 }] });
    expect(state.read(START + 20_000)).toMatchObject({ isolates: 0, gauges: [] });
  });

  it("keeps metrics that it does not know as they come", () => {
    const state = new TelemetryState(START);
    const series = [{ metric: "of_a_later_version", labels: ["x", "y", "z"], value: 2 }];
    state.receive(batch(1, 1, { series }), START);
    expect(state.read(START).series).toEqual(series);
  });

  it("is bounded over a label attack, in series and bytes, and loses no count", () => {
    const state = new TelemetryState(START, undefined, { maxSeries: 1_000, maxBytes: 1_000_000 });
    for (let sequence = 1; sequence <= 100; sequence++) {
      const series = Array.from({ length: 1_000 }, (_, index) => ({ metric: "calls", labels: [`${sequence}-${index}`], value: 1 }));
      state.receive(batch(sequence, 1, { series }), START + sequence * 100);
    }
    const { series } = state.read(START);
    expect(series.length).toBeLessThan(1_010);
    expect(series.filter(({ metric }) => metric === "calls").reduce((sum, { value = 0 }) => sum + value, 0)).toBe(100_000);
    expect(state.bytes).toBeLessThan(20_000_000);
  });
});
