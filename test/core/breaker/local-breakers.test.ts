// The local breakers of an upstream: one for each endpoint, and reports as often as their state demands.
import { describe, expect, it } from "vitest";
import type { Admitted } from "../../../core/breaker/admission.ts";
import type { LocalBreaker } from "../../../core/breaker/local-breaker.ts";
import { LocalBreakers } from "../../../core/breaker/local-breakers.ts";
import type { BreakerView } from "../../../core/breaker/report.ts";
import { BREAKER } from "../../../core/config/breaker.ts";

const NOW = 50_000;
const VIEW: BreakerView = { version: 2, kind: "open", admit: 0, retryAfterMs: 700, probeId: undefined, leaseMs: 3_000 };
const admitted = (breaker: LocalBreaker, now: number): Admitted => {
  const admission = breaker.admit(now, 0.5);
  if (admission.kind !== "admitted") throw new Error(`refused for ${admission.retryAfterMs} ms`);
  return admission;
};
const call = (breaker: LocalBreaker, outcome: "succeeded" | "failed", now = NOW): void =>
  breaker.record(admitted(breaker, now), outcome, 1, now, 0);

describe("the local breakers of an upstream", () => {
  it("have one breaker for each endpoint, until the endpoint is gone", () => {
    const breakers = new LocalBreakers(BREAKER);
    const [a, b] = [breakers.get("a"), breakers.get("b")];
    expect(breakers.get("a")).toBe(a);
    for (let n = 0; n < 5; n++) call(a, "failed");
    breakers.update(a, NOW);
    expect(breakers.areAllClosed(NOW)).toBe(false);
    breakers.retain(new Set(["b"]));
    expect(breakers.areAllClosed(NOW)).toBe(true);
    expect(breakers.get("b")).toBe(b);
    expect(breakers.get("a")).not.toBe(a);
  });

  it("are all closed again once every breaker is closed", () => {
    const breakers = new LocalBreakers(BREAKER);
    expect(breakers.areAllClosed(NOW)).toBe(true);
    const breaker = breakers.get("a");
    breakers.update(breaker, NOW);
    expect(breakers.areAllClosed(NOW)).toBe(true);
    breakers.applyViews({ a: VIEW, unknown: VIEW }, NOW, NOW);
    expect(breakers.areAllClosed(NOW)).toBe(false);
    breakers.applyViews({ a: { ...VIEW, version: 3, kind: "closed" } }, NOW, NOW);
    expect(breakers.areAllClosed(NOW)).toBe(true);
  });

  it("report at once if the called endpoint has just opened, and after half a second if a probe is wanted", () => {
    const breakers = new LocalBreakers(BREAKER);
    const [a] = [breakers.get("a"), breakers.get("b")];
    expect(breakers.takeReports(NOW, undefined)).toEqual({});
    for (let n = 0; n < 5; n++) call(a, "failed");
    breakers.update(a, NOW);
    expect(breakers.takeReports(NOW, "b")).toBeUndefined();
    expect(breakers.takeReports(NOW, "a")).toMatchObject({ a: { isOpen: true } });
    breakers.applyViews({ b: { ...VIEW, kind: "half_open" } }, NOW, NOW);
    expect(breakers.takeReports(NOW + 499, undefined)).toBeUndefined();
    expect(breakers.takeReports(NOW + 500, undefined)).toMatchObject({ b: { wantsProbe: true } });
  });

  it("report every second while any breaker needs it, and otherwise every eleven seconds", () => {
    const times = (prepare: (breakers: LocalBreakers) => void): number | undefined => {
      const breakers = new LocalBreakers(BREAKER);
      breakers.get("a");
      breakers.takeReports(NOW, undefined);
      prepare(breakers);
      for (let ms = 100; ms <= 12_000; ms += 100) if (breakers.takeReports(NOW + ms, undefined) !== undefined) return ms;
      return undefined;
    };
    expect(times(() => undefined)).toBe(11_000);
    expect(times((breakers) => breakers.applyViews({ a: { ...VIEW, kind: "ramp", admit: 1, leaseMs: 30_000 } }, NOW, NOW))).toBe(1_000);
    expect(
      times((breakers) => {
        call(breakers.get("a"), "failed");
        breakers.update(breakers.get("a"), NOW);
      }),
    ).toBe(1_000);
  });
});

describe("reports", () => {
  it("are sent at once when a breaker opens, every second while calls fail, and otherwise every eleven seconds", () => {
    const breakers = new LocalBreakers(BREAKER);
    const breaker = breakers.get("e");
    const report = (now: number) => breakers.takeReports(now, "e")?.["e"];
    call(breaker, "succeeded", 0);
    expect(report(0)).toMatchObject({ calls: 1, failures: 0 });
    call(breaker, "succeeded", 2_500);
    expect(report(10_999)).toBeUndefined();
    expect(report(11_000)).toMatchObject({ calls: 1, failures: 0 });
    call(breaker, "failed", 11_500);
    expect(report(11_600)).toBeUndefined();
    expect(report(12_000)).toMatchObject({ failures: 1, isOpen: false });
    for (let n = 0; n < 4; n++) call(breaker, "failed", 12_001);
    expect(report(12_002)).toMatchObject({ isOpen: true });
  });

  it("are sent every second for ten seconds after a failure that no success has followed: other isolates may report it too", () => {
    const breakers = new LocalBreakers(BREAKER);
    const call = (id: string, outcome: "succeeded" | "failed", now: number) => {
      const breaker = breakers.get(id);
      breaker.record(admitted(breaker, now), outcome, 1, now, 0);
      breakers.update(breaker, now);
      return breakers.takeReports(now, id);
    };
    const reportedAt = (from: number, to: number): number[] => {
      const found = [];
      for (let now = from; now <= to; now += 100) if (call("b", "succeeded", now) !== undefined) found.push(now);
      return found;
    };
    expect(call("a", "succeeded", 0)).toBeDefined();
    expect(call("a", "failed", 500)).toBeUndefined();
    expect(call("b", "succeeded", 1_000)).toMatchObject({ a: { failures: 1, hasRecovered: false } }); // with a call to any endpoint
    expect(call("b", "succeeded", 2_000)).toMatchObject({ a: { failures: 1, hasRecovered: false } }); // no call to it since
    expect(call("a", "succeeded", 3_000)).toMatchObject({ a: { failures: 1, hasRecovered: true } });
    expect(reportedAt(3_100, 16_000)).toEqual([14_000]);
    expect(call("a", "failed", 20_000)).toBeDefined();
    expect(reportedAt(20_100, 50_000)).toEqual([...Array.from({ length: 9 }, (_, index) => 21_000 + index * 1_000), 40_000]);
  });

  it("are sent every eleven seconds while an endpoint is open everywhere, and at once when that ends", () => {
    const breakers = new LocalBreakers(BREAKER);
    breakers.get("a");
    const breaker = breakers.get("b");
    call(breaker, "succeeded", 0);
    expect(breakers.takeReports(0, "b")).toBeDefined();
    breakers.applyViews({ a: { version: 2, kind: "open", admit: 0, retryAfterMs: 12_000, probeId: undefined, leaseMs: 12_000 } }, 0, 0);
    const reportedAt = [];
    for (let now = 100; now < 13_000; now += 100) if (breakers.takeReports(now, "b") !== undefined) reportedAt.push(now);
    expect(reportedAt).toEqual([11_000, 12_000, 12_500]);
  });
});
