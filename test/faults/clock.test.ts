// Clocks that are set back, jump ahead, or stand still while something is computed: no token is made of it, and no breaker stays open.
import { describe, expect, it } from "vitest";
import { LocalBreaker } from "../../core/breaker/local-breaker.ts";
import type { BreakerView } from "../../core/breaker/report.ts";
import { CLOSED, release, trip, viewAt } from "../../core/breaker/shared-breaker.ts";
import { BREAKER } from "../../core/config/breaker.ts";
import { BucketLease } from "../../core/rate-limit/lease.ts";
import { type Bucket, takeTokens } from "../../core/rate-limit/token-bucket.ts";
import { seeded } from "../support/cache-traces.ts";

const START = Date.UTC(2026, 10, 29);
const HOUR_MS = 3_600_000;
const STEPS_MS = [-HOUR_MS, -10_000, -1];
const LIMIT = { capacity: 20, rate: 10, intervalMs: 1_000 };
const MAX_OPEN_MS = 60_000;

/** Calls that a bucket admits at these times. */
function admitted(times: readonly number[]): number {
  let bucket: Bucket | undefined;
  let count = 0;
  for (const now of times) {
    const [next, decision] = takeTokens(bucket, LIMIT, 1, now);
    bucket = next;
    if (decision.kind === "allowed") count += 1;
  }
  return count;
}

describe("D07 a token bucket", () => {
  it.each(STEPS_MS)("refills nothing while the clock steps by %d ms", (step) => {
    const times = Array.from({ length: 200 }, (_, n) => START + (n % 2 === 0 ? 0 : step));
    expect(admitted(times)).toBe(LIMIT.capacity);
  });

  it("has its capacity and no more after the clock has jumped ahead by an hour", () => {
    const burst = (at: number): number[] => Array.from({ length: 200 }, () => at);
    expect(admitted([...burst(START), ...burst(START + HOUR_MS)])).toBe(2 * LIMIT.capacity);
  });

  it("admits its capacity while the clock stands still", () => {
    expect(admitted(Array.from({ length: 1_000 }, () => START))).toBe(LIMIT.capacity);
  });

  it("never admits more than by the latest time it has seen, whatever the clock does (seed 7)", () => {
    const random = seeded(7);
    let now = START;
    const times = Array.from({ length: 2_000 }, () => {
      now += random() < 0.1 ? STEPS_MS[Math.floor(random() * STEPS_MS.length)]! : Math.floor(random() * 100);
      return now;
    });
    const latest = Math.max(...times) - Math.min(...times);
    expect(admitted(times)).toBeLessThanOrEqual(LIMIT.capacity + (latest * LIMIT.rate) / LIMIT.intervalMs);
  });
});

describe("D07 a lease", () => {
  it.each(STEPS_MS)("spends no more than it was lent while the clock steps by %d ms", (step) => {
    const lease = new BucketLease();
    const { sequence } = lease.request("isolate", 1, START);
    const grant = { sequence, tokens: 5, ratePerMs: 0, capacity: 5, lifetimeMs: 5_000, renewAfterMs: 4_000 };
    lease.applyGrant({ ...grant, pauseMs: 0, retryAfterMs: 0, poolTokens: 0 }, START, START);
    let allowed = 0;
    for (let n = 0; n < 100; n++) if (lease.take(1, START + (n % 2 === 0 ? 0 : step)).kind === "allowed") allowed += 1;
    expect(allowed).toBe(5);
  });
});

describe("D07 a breaker", () => {
  const opened = trip(CLOSED, BREAKER, START);

  it.each(STEPS_MS)("that is open everywhere is open for 60 s at most after the clock has stepped by %d ms", (step) => {
    expect(opened.kind).toBe("open");
    const [current, view] = viewAt(opened, START + step);
    expect(view.leaseMs).toBeLessThanOrEqual(MAX_OPEN_MS);
    expect(viewAt(current, START + step + MAX_OPEN_MS)[1].kind).toBe("half_open");
  });

  it("that was released can open again after the clock has stepped back", () => {
    const released = release(opened, START);
    expect(trip(released, BREAKER, START - HOUR_MS).kind).toBe("open");
    expect(trip(released, BREAKER, START + 1).kind).toBe("closed");
  });

  it.each(STEPS_MS)("of an isolate is due for a probe within 3 s after the clock has stepped by %d ms", (step) => {
    const breaker = new LocalBreaker(BREAKER);
    for (let n = 0; n < BREAKER.consecutive; n++) {
      const admission = breaker.admit(START, 0.5);
      if (admission.kind === "admitted") breaker.record(admission, "failed", 1, START, 0.5);
    }
    expect(breaker.admit(START, 0.5).kind).toBe("refused");
    expect(breaker.retryAfterMs(START + step)).toBeLessThanOrEqual(3_000);
    expect(breaker.admit(START + step + 3_000, 0.5).kind).toBe("admitted");
  });

  it.each([-HOUR_MS, -2 * MAX_OPEN_MS])("of an isolate holds no open view of the time before the clock stepped by %d ms", (step) => {
    const breaker = new LocalBreaker(BREAKER);
    const view: BreakerView = { version: 2, kind: "open", admit: 0, retryAfterMs: MAX_OPEN_MS, probeId: undefined, leaseMs: MAX_OPEN_MS };
    breaker.applyView(view, START);
    expect(breaker.admit(START, 0.5).kind).toBe("refused");
    expect(breaker.admit(START + step, 0.5).kind).toBe("admitted");
  });
});
