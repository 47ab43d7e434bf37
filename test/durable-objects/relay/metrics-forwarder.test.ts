// Metrics of a relay on their way: when a batch leaves, and what happens while `Telemetry` fails, hangs, or forgets.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BatchReply, MetricsBatch, MetricsSection } from "../../../core/exchange/metrics/metrics-messages.ts";
import { TelemetryState } from "../../../core/telemetry/telemetry-state.ts";
import { MetricsForwarder } from "../../../durable-objects/relay/metrics-forwarder.ts";

const START = Date.UTC(2026, 0, 1);
let now = START;
let timers: { readonly at: number; readonly end: () => void }[] = [];
let logged: string[] = [];

beforeEach(() => {
  now = START;
  timers = [];
  logged = [];
  vi.useFakeTimers({ toFake: ["Date"], now });
  vi.spyOn(console, "warn").mockImplementation((record) => void logged.push(String(record)));
  // A clock of the test's own: timers end as `until` passes them.
  vi.spyOn(scheduler, "wait").mockImplementation((ms = 0, options) => {
    return new Promise((resolve, reject) => {
      const timer = { at: now + ms, end: resolve };
      timers.push(timer);
      options?.signal?.addEventListener("abort", () => {
        timers = timers.filter((other) => other !== timer);
        reject(new Error("ended"));
      });
    });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

/** Lets time pass, with all timers that end in it. */
async function until(time: number): Promise<void> {
  await settle();
  for (;;) {
    const next = timers.filter(({ at }) => at <= time).toSorted((one, other) => one.at - other.at)[0];
    if (next === undefined) break;
    timers = timers.filter((timer) => timer !== next);
    now = Math.max(now, next.at);
    vi.setSystemTime(now);
    next.end();
    await settle();
  }
  now = time;
  vi.setSystemTime(now);
}

let sequence = 0;
function section(): MetricsSection {
  sequence += 1;
  const series = [{ metric: "calls", labels: [], value: 1 }];
  return { reports: [{ report: { boot: "isolate", sequence, series, gauges: [], hotKeys: [] }, ageMs: 0 }] };
}

/** `Telemetry` in memory, with the times at which batches came. */
class Root {
  state = new TelemetryState(START);
  readonly times: number[] = [];
  isDown = false;
  hangs = false;
  stores = true;

  getByName = (): { receive(batch: MetricsBatch): Promise<BatchReply> } => ({
    receive: async (batch) => {
      this.times.push(now - START);
      if (this.isDown) throw new Error("overloaded");
      if (this.hangs) await new Promise(() => undefined);
      const reply = this.state.receive(structuredClone(batch), now);
      if (this.stores) this.state.stored(this.state.record(now));
      return reply;
    },
  });

  get calls(): number {
    return this.state.read(now).series.reduce((sum, { value = 0 }) => sum + value, 0);
  }
}

function relay() {
  sequence = 0;
  const root = new Root();
  return { root, forwarder: new MetricsForwarder(root, "weur/relay-0", START) };
}

describe("MetricsForwarder", () => {
  it("sends the first report on at once, and those of the next 2 s after them, with no further exchange", async () => {
    const { root, forwarder } = relay();
    forwarder.receive(section(), now);
    await until(START + 100);
    for (let n = 0; n < 10; n++) forwarder.receive(section(), now);
    await until(START + 60_000);
    expect([root.times, root.calls, timers.length]).toEqual([[0, 2_000], 11, 0]);
  });

  it("sends one batch in 2 s, however many exchanges there are", async () => {
    const { root, forwarder } = relay();
    for (let ms = 0; ms < 20_000; ms += 50) {
      await until(START + ms);
      forwarder.receive(section(), now);
    }
    await until(START + 30_000);
    expect(root.times).toEqual([0, 2_000, 4_000, 6_000, 8_000, 10_000, 12_000, 14_000, 16_000, 18_000, 20_000]);
    expect(root.calls).toBe(400);
  });

  it("sends on what comes after somebody has waited for nothing", async () => {
    const { root, forwarder } = relay();
    await forwarder.flush();
    forwarder.receive(section(), now);
    await forwarder.flush(); // it left at once
    expect(root.calls).toBe(1);
    forwarder.receive(section(), now);
    await until(START + 5_000);
    expect(root.calls).toBe(2);
    forwarder.receive(section(), now);
    await forwarder.flush();
    expect(root.calls).toBe(3);
  });

  it("sends at once what somebody waits for", async () => {
    const { root, forwarder } = relay();
    forwarder.receive(section(), now);
    forwarder.receive(section(), now);
    await forwarder.flush();
    expect(root.calls).toBe(2);
  });

  it("sends a batch again while Telemetry is down, with pauses, and gives the timer up after five failures", async () => {
    const { root, forwarder } = relay();
    root.isDown = true;
    forwarder.receive(section(), now);
    await until(START + 600_000);
    expect(root.times).toEqual([0, 4_000, 12_000, 28_000, 58_000]);
    expect(timers).toEqual([]);
    expect(logged).toHaveLength(5);
    expect(logged.join()).toContain("relay_request_failed");
    root.isDown = false;
    forwarder.receive(section(), now);
    await until(START + 700_000);
    expect(root.calls).toBe(2);
  });

  it("sends a batch again where Telemetry hangs, and lets no exchange wait longer than its own time", async () => {
    const { root, forwarder } = relay();
    root.hangs = true;
    forwarder.receive(section(), now);
    await until(START + 1_000);
    expect(forwarder.receive(section(), now)).toEqual({ acknowledged: 2 });
    root.hangs = false;
    await until(START + 60_000);
    expect(root.calls).toBe(2);
    expect(logged.join()).toContain("no response within 5000 ms");
  });

  it("makes no further batch while none is stored, sets no timer for ever, and goes on when they are", async () => {
    const { root, forwarder } = relay();
    root.stores = false;
    for (let n = 0; n < 12; n++) {
      forwarder.receive(section(), now);
      await until(now + 2_000);
    }
    await until(now + 600_000);
    expect([root.calls, timers]).toEqual([8, []]);
    root.stores = true;
    root.state.stored(root.state.record(now));
    forwarder.receive(section(), now);
    await until(now + 10_000);
    expect(root.calls).toBe(13);
  });

  it("sends again what Telemetry has forgotten in a restart", async () => {
    const { root, forwarder } = relay();
    root.stores = false;
    for (let n = 0; n < 3; n++) {
      forwarder.receive(section(), now);
      await until(now + 2_000);
    }
    root.state = new TelemetryState(START); // a restart before anything was stored
    forwarder.receive(section(), now);
    await until(now + 10_000);
    expect([root.calls, root.state.read(now).lostReports]).toEqual([4, 0]);
  });
});
